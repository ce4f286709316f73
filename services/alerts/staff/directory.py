"""Who has left the company, who is absent and who stands in, and who holds a customer."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.decider import GoneError, MovedError, RejectedError
from chassis.commands.holders import Holders, employees_left
from chassis.commands.problem import ProblemError
from chassis.postgres.database import Pool
from chassis.postgres.visibility import holds
from contracts.cloudevents import type_of
from contracts.customer import EmployeeLeft, EmployeeReturned
from contracts.followup.absence import AbsenceCancelled, AbsenceChanged, AbsenceDetails, AbsenceNoted

LEFT, RETURNED = type_of(EmployeeLeft), type_of(EmployeeReturned)
NOTED, CHANGED, CANCELLED = type_of(AbsenceNoted), type_of(AbsenceChanged), type_of(AbsenceCancelled)
ONE_DAY = timedelta(days=1)
# At the same instant, the return counts, as in followup.
LEAVERS = f"""
    SELECT employee_id FROM (
        SELECT DISTINCT ON (data ->> 'employee_id') data ->> 'employee_id' AS employee_id, type FROM fact
        WHERE data ->> 'employee_id' = ANY($1) AND type IN ('{LEFT}', '{RETURNED}')
        ORDER BY data ->> 'employee_id', occurred_at DESC, type DESC
    ) AS latest WHERE type = '{LEFT}' ORDER BY employee_id
"""  # noqa: S608
# Events of before an upgrade may be missing, so the present holders count too. The types are those of the index.
UNKNOWN = f"""
    SELECT employee_id FROM unnest($1::text[]) AS asked(employee_id) WHERE NOT EXISTS (
        SELECT FROM fact WHERE type IN (
            'care.customer.owner-assigned.v1', 'care.customer.helper-added.v1', 'care.customer.employee-left.v1',
            'care.customer.employee-returned.v1', 'care.customer.employee-leader-changed.v1',
            'care.followup.absence-noted.v1', 'care.followup.absence-changed.v1')
        AND ARRAY[data ->> 'employee_id', data ->> 'owner_id', data ->> 'leader_id', data ->> 'stand_in_id']
            @> ARRAY[asked.employee_id]
    ) AND NOT EXISTS (SELECT FROM customer_holders h WHERE {holds("h", "asked.employee_id")}) ORDER BY employee_id
"""  # noqa: S608 - fixed text
# The holders of a duplicate are those of the customer that it was merged into.
HOLDERS = """
    SELECT h.owner_id, h.leader_id, h.helper_ids FROM customer_holders own
    JOIN customer_holders h ON h.customer_id = coalesce(own.merged_into, own.customer_id) WHERE own.customer_id = $1
"""
# The latest version of each absence of the employees.
ABSENCES = f"""
    SELECT DISTINCT ON (data ->> 'absence_id') type, data::text AS data FROM fact
    WHERE data ->> 'employee_id' = ANY($1) AND type IN ('{NOTED}', '{CHANGED}', '{CANCELLED}')
    ORDER BY data ->> 'absence_id', position DESC
"""  # noqa: S608
STANDS_IN_FOR = f"""
    SELECT DISTINCT data ->> 'employee_id' AS employee_id FROM fact
    WHERE data ->> 'stand_in_id' = $1 AND type IN ('{NOTED}', '{CHANGED}')
"""  # noqa: S608
# A customer is known by its registration, or by who holds it.
KNOWN = """
    SELECT EXISTS (SELECT FROM silence WHERE customer_id = $1)
            OR EXISTS (SELECT FROM customer_holders WHERE customer_id = $1) AS is_known,
        EXISTS (SELECT FROM erasure WHERE subject = $1 AND person_id IS NULL) AS is_erased,
        (SELECT merged_into FROM customer_holders WHERE customer_id = $1) AS merged_into
"""
IDS = "SELECT customer_id FROM customer_holders WHERE merged_into = $1 ORDER BY customer_id"


class Directory:
    """Reads the fact log and the holders, which the consumer writes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def leavers(self, employee_ids: Sequence[str]) -> list[str]:
        """Return those employees who have left the company."""
        return [row["employee_id"] for row in await self._pool.fetch(LEAVERS, list(employee_ids))]

    async def unknown(self, employee_ids: Sequence[str]) -> list[str]:
        """Return those employees whom no event has named and who hold no customer."""
        return [row["employee_id"] for row in await self._pool.fetch(UNKNOWN, list(employee_ids))]

    async def refusal(self, employee_ids: Sequence[str], *place: str) -> RejectedError | None:
        """Return why one of these employees can be given nothing: unknown, or has left.

        `place` is the path to the field of the request that names them.
        """
        if unknown := await self.unknown(employee_ids):
            return employees_unknown(unknown, *place)
        leavers = await self.leavers(employee_ids)
        return employees_left(leavers, *place) if leavers else None

    async def absence(self, employee_id: str, at: datetime) -> AbsenceDetails | None:
        """Return the absence of an employee at an instant."""
        return (await self._absences([employee_id], at)).get(employee_id)

    async def _absences(self, employee_ids: Collection[str], at: datetime) -> dict[str, AbsenceDetails]:
        """Return the absences at an instant, by employee."""
        rows = await self._pool.fetch(ABSENCES, list(employee_ids)) if employee_ids else []
        noted = [AbsenceDetails.model_validate_json(row["data"]) for row in rows if row["type"] != CANCELLED]
        return {each.employee_id: each for each in noted if is_within(each, at)}

    async def present(self, employee_id: str, at: datetime) -> str | None:
        """Return the employee, or the stand-in if absent; None if neither is there."""
        if await self.leavers([employee_id]):
            return None
        absence = await self.absence(employee_id, at)
        if absence is None:
            return employee_id
        stand_in = absence.stand_in_id
        if stand_in is None or await self.leavers([stand_in]) or await self.absence(stand_in, at):
            return None
        return stand_in

    async def covered_by(self, employee_id: str, at: datetime) -> frozenset[str]:
        """Return the employees whose stand-in this one is at an instant."""
        asked = [row["employee_id"] for row in await self._pool.fetch(STANDS_IN_FOR, employee_id)]
        return frozenset(
            each for each, absence in (await self._absences(asked, at)).items() if absence.stand_in_id == employee_id
        )

    async def stand_ins(self, employee_ids: Collection[str], at: datetime) -> dict[str, str]:
        """Return the stand-ins of those employees who are absent at an instant."""
        absences = (await self._absences(employee_ids, at)).items()
        return {each: absence.stand_in_id for each, absence in absences if absence.stand_in_id}

    async def holders(self, customer_id: UUID) -> Holders:
        """Return owner, leader and helpers of the customer; nobody if it has none."""
        row = await self._pool.fetchrow(HOLDERS, customer_id)
        if row is None:
            return Holders()
        return Holders(row["owner_id"], row["leader_id"], frozenset(row["helper_ids"]))

    async def holders_of_kept(self, customer_id: UUID) -> Holders:
        """Return the holders of a customer; raise the 404 problem, MovedError, or GoneError for one that was erased."""
        row = await self._pool.fetchrow(KNOWN, customer_id)
        if row is None or not row["is_known"]:
            raise ProblemError(
                "not-found", f"There is no customer {customer_id}.", f"没有编号为 {customer_id} 的客户。"
            )
        if row["merged_into"]:
            raise MovedError(row["merged_into"])
        if row["is_erased"]:
            raise erased()
        return await self.holders(customer_id)

    async def ids_of(self, customer_id: UUID) -> list[UUID]:
        """Return the ids of the customer and of its duplicates."""
        return [customer_id, *(row["customer_id"] for row in await self._pool.fetch(IDS, customer_id))]


def is_within(absence: AbsenceDetails, at: datetime) -> bool:
    """Whether an instant is within an absence: from midnight of its first day to midnight after the last one."""
    zone = ZoneInfo(absence.zone)
    starts_at = datetime.combine(absence.first_day, time(), zone)
    return starts_at <= at < datetime.combine(absence.last_day + ONE_DAY, time(), zone)


def employees_unknown(employee_ids: Sequence[str], *place: str) -> RejectedError:
    named = ", ".join(employee_ids)
    return RejectedError(
        "employee-unknown",
        f"No event names these employees: {named}. Allowed are employees who hold or held a customer, or whose leader "
        f"is in the list of employees (PUT /v1/employees/{{id}} with leader_id).",
        f"没有任何事件提到以下员工：{named}。可以指定现在或曾经负责、协助客户的员工，"
        f"或已在员工名单中登记上级的员工（PUT /v1/employees/{{id}}，填写 leader_id）。",
        *place,
    )


def erased() -> GoneError:
    return GoneError(
        "customer-erased",
        "The personal data of this customer has been erased. Nothing new can be recorded.",
        "该客户的个人信息已被删除，不能再添加新的记录。",
    )
