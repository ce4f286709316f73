"""Imports followups.csv and followups.xlsx: the commands that a row becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.holders import employees_left
from chassis.commands.result import CREATED, Handled
from chassis.files.days import Moment
from chassis.files.importer import RowKeys, RowOutcome, RowProblemError, step
from chassis.files.row_cells import WORKDAY_START, choose, moment, required, system_of
from chassis.files.table import Row
from chassis.store.pseudonym import Pseudonyms
from contracts.followup import Channel, Direction
from services.followup import commands
from services.followup.domain.contact import Contact
from services.followup.domain.task import Task
from services.followup.imports.customer_lookup import CustomerLookup
from services.followup.imports.followup_columns import COLUMNS, DONE_BY_STATUS
from services.followup.queries.absences import AbsenceQueries
from services.followup.queries.customers import Customers

PLACES = {
    "": ("customer_number", "customer"),
    "employee_id": ("owner_id", "owner"),
    "assignee_id": ("owner_id", "owner"),
    "employee-left": ("owner_id", "owner"),
    "occurred-in-future": ("followed_up_on",),
    "due_at": ("followed_up_on",),
}
WORKDAY_END = time(18)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A row after validation. It was due on the day of `made`; if it is not done, it is overdue after that day."""

    customer_id: UUID
    made: Moment
    content: str | None
    owner_id: str
    done: bool


class FollowupImport:
    """Records one past follow-up for each row: a contact, its task, and the completion of the task if it is done.

    Rows with the same customer, day, content and owner count as one follow-up.
    """

    columns = COLUMNS
    places = PLACES

    def __init__(
        self,
        *,
        contacts: CommandHandler[Contact],
        tasks: CommandHandler[Task | None],
        customers: Customers,
        absences: AbsenceQueries,
        pseudonyms: Pseudonyms,
        zone: str,
    ) -> None:
        self._contacts = contacts
        self._tasks = tasks
        self._absences = absences
        self._pseudonyms = pseudonyms
        self._customer_lookup = CustomerLookup(customers, pseudonyms)
        self._zone = ZoneInfo(zone)

    def keys(self, row: Row) -> RowKeys:
        cells = row.cells
        customer = self._pseudonyms.customer_keys(system_of(cells), cells["customer_number"], cells["customer"])
        # Rows that say the same of one follow-up, but perhaps another status.
        said = [cells[field] for field in ("followed_up_on", "content", "owner", "owner_id")]
        return RowKeys([self._pseudonyms.derived("follow-up", *map(str, customer), *said)], customer)

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        """Read nothing: each customer is looked up once per file."""

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        followup = await self._validate(row.cells, context)
        handled = await self._record(followup, context)
        if any(one.status == CREATED for one in handled):
            return RowOutcome.CREATED, followup.customer_id
        changed = any(one.events for one in handled)
        return (RowOutcome.CHANGED if changed else RowOutcome.UNCHANGED), followup.customer_id

    async def _validate(self, cells: dict[str, str], context: Context) -> FollowUp:
        made = self._made(cells["followed_up_on"], context.now)
        owner_id = self._owner(cells)
        done = is_done(cells["status"])
        await self._require_present(owner_id, done=done)
        number, name = cells["customer_number"], cells["customer"]
        if not (number or name):
            raise RowProblemError("跟进客户", "missing", "A row needs a customer.", "缺少跟进客户。")
        customer_id = await self._customer_lookup.resolve(system_of(cells), number, name, context)
        return FollowUp(customer_id, made, cells["content"] or None, owner_id, done)

    def _made(self, text: str, now: datetime) -> Moment:
        made = required(moment(text, "跟进时间"), "跟进时间")
        is_later = made.at is not None and made.instant(self._zone, WORKDAY_START) > now
        if is_later or made.on > now.astimezone(self._zone).date():
            raise RowProblemError("跟进时间", "in-future", "The date is in the future.", "该日期尚未到来。")
        return made

    def _owner(self, cells: dict[str, str]) -> str:
        """Return the owner's id. For an owner with a name only, it is derived in the same way in every service."""
        if cells["owner_id"]:
            return cells["owner_id"]
        if not cells["owner"]:
            raise RowProblemError("负责人员", "missing", "A row needs an owner.", "缺少负责人员。")
        return self._pseudonyms.employee(cells["owner"])

    async def _require_present(self, owner_id: str, *, done: bool) -> None:
        """An employee who has left can have done a follow-up, but cannot have one to do."""
        if not done and await self._absences.left([owner_id]):
            error = employees_left([owner_id])
            raise RowProblemError("负责人员", error.code, error.en, error.zh)

    async def _record(self, followup: FollowUp, context: Context) -> list[Handled]:
        contact_id, task_id = self._id("contact", followup), self._id("task", followup)
        # No event may be in the future, not even from a file that is imported on that day before work starts.
        occurred_at = min(followup.made.instant(self._zone, WORKDAY_START), context.now)
        scheduled_at = min(datetime.combine(followup.made.on, WORKDAY_START, self._zone), occurred_at)
        log = commands.LogContact(
            channel=Channel.OTHER,
            direction=Direction.OUTBOUND,
            employee_id=followup.owner_id,
            content=followup.content,
            task_id=task_id,
            occurred_at=occurred_at,
        )
        schedule = commands.Schedule(
            assignee_id=followup.owner_id,
            due_at=datetime.combine(followup.made.on, WORKDAY_END, self._zone),
            content=followup.content,
            occurred_at=scheduled_at,
        )
        complete = commands.Complete(employee_id=followup.owner_id, occurred_at=occurred_at)
        subject = followup.customer_id
        handled = [
            await self._contacts.handle(contact_id, log, step(context, "contact"), subject=subject),
            await self._tasks.handle(task_id, schedule, step(context, "task"), subject=subject),
        ]
        if followup.done:
            handled.append(await self._tasks.handle(task_id, complete, step(context, "completion"), subject=subject))
        return handled

    def _id(self, what: str, followup: FollowUp) -> UUID:
        parts = (str(followup.customer_id), followup.made.on.isoformat(), followup.content or "", followup.owner_id)
        return self._pseudonyms.derived(what, *parts)


def is_done(text: str) -> bool:
    found = choose(DONE_BY_STATUS, text, "状态")
    if found is None:
        raise RowProblemError("状态", "missing", "A row needs a status.", "缺少状态。")
    return found
