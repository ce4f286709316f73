"""Imports followups.csv and followups.xlsx: the accepted headers, and the commands that a row becomes."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.holders import employees_left
from chassis.commands.result import CREATED, Handled
from chassis.files.imports import RowOutcome, RowProblemError, step
from chassis.files.spreadsheet import Column, Row, parse_date
from chassis.store.pseudonym import Pseudonyms, normalised
from contracts.followup import Channel, Direction
from services.followup import commands
from services.followup.domain.contact import Contact
from services.followup.domain.task import Task
from services.followup.imports.customer_lookup import CustomerLookup
from services.followup.queries.absences import AbsenceQueries
from services.followup.queries.customers import Customers

COLUMNS = (
    Column("customer", ("跟进客户", "customer"), required=True),
    Column("customer_number", ("客户编号", "customer_number")),
    Column("followed_up_on", ("跟进时间", "followed_up_on"), required=True),
    Column("content", ("跟进内容", "content")),
    Column("owner", ("负责人员", "owner")),
    Column("owner_id", ("负责人员工号", "owner_id")),
    Column("status", ("状态", "status"), required=True),
)
# Whether each status means that the follow-up is done.
DONE_BY_STATUS = {
    "已完成": True,
    "已解决": True,
    "done": True,
    "solved": True,
    "跟进中": False,
    "in-progress": False,
}
WORKDAY_START = time(9)
WORKDAY_END = time(18)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A row after validation. `day` is when it was due; one that is not done stays open, and overdue after that day."""

    customer_id: UUID
    day: date
    content: str | None
    owner_id: str
    done: bool


class FollowupImport:
    """Records one past follow-up for each row: a contact, its task, and the completion of the task if it is done.

    Rows with the same customer, day, content and owner count as one follow-up.
    """

    columns = COLUMNS

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

    def ordering_key(self, row: Row) -> str:
        """Return a different value for each row: the order of rows does not matter."""
        return str(row.number)

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        followup = await self._validate(row.cells, context)
        handled = await self._record(followup, context)
        if any(one.status == CREATED for one in handled):
            return RowOutcome.CREATED, followup.customer_id
        changed = any(one.events for one in handled)
        return (RowOutcome.CHANGED if changed else RowOutcome.UNCHANGED), followup.customer_id

    async def _validate(self, cells: dict[str, str], context: Context) -> FollowUp:
        day = self._day(cells["followed_up_on"], context.now)
        owner_id = self._owner(cells)
        done = is_done(cells["status"])
        await self._require_present(owner_id, done=done)
        number, name = cells["customer_number"], cells["customer"]
        if not (number or name):
            raise RowProblemError("跟进客户", "missing", "A row needs a customer.", "缺少跟进客户。")
        customer_id = await self._customer_lookup.resolve(number, name, context)
        return FollowUp(customer_id, day, cells["content"] or None, owner_id, done)

    def _day(self, text: str, now: datetime) -> date:
        try:
            day = parse_date(text)
        except ValueError as error:
            raise RowProblemError(
                "跟进时间", "not-a-date", str(error), "不是可识别的日期，例如 2024-06-01。"
            ) from error
        if day is None:
            raise RowProblemError("跟进时间", "missing", "A row needs the date of the follow-up.", "缺少跟进时间。")
        if day > now.astimezone(self._zone).date():
            raise RowProblemError("跟进时间", "in-future", "The date is in the future.", "该日期尚未到来。")
        return day

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
        occurred_at = min(datetime.combine(followup.day, WORKDAY_START, self._zone), context.now)
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
            due_at=datetime.combine(followup.day, WORKDAY_END, self._zone),
            content=followup.content,
            occurred_at=occurred_at,
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
        parts = (str(followup.customer_id), followup.day.isoformat(), followup.content or "", followup.owner_id)
        return self._pseudonyms.derived(what, *parts)


def is_done(text: str) -> bool:
    if not text:
        raise RowProblemError("状态", "missing", "A row needs a status.", "缺少状态。")
    found = DONE_BY_STATUS.get(normalised(text))
    if found is None:
        allowed = ", ".join(DONE_BY_STATUS)
        raise RowProblemError("状态", "unknown-word", f"Must be one of: {allowed}.", f"不在可选范围内：{allowed}。")
    return found
