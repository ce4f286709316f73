"""Imports customers from customers.csv and .xlsx: the command of a row."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command import Context
from chassis.commands.result import CREATED
from chassis.files.importer import RowKeys, RowOutcome, RowProblemError, step
from chassis.files.row_cells import WORKDAY_START, choose, moment, system_of
from chassis.files.table import FILE_SYSTEM, Row
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import Kind, Stage, WorkStatus
from services.customer import commands
from services.customer.imports.customer_columns import ABC, COLUMNS, RENAMES, STAGES, STATUSES, TIERS
from services.customer.imports.customer_lookup import CustomerLookup
from services.customer.registration import Registration

PLACES = {
    "": ("number", "name"),
    "id": ("number",),
    "illegal-transition": ("stage", "work_status"),
    "reason-needed": ("stage", "work_status"),
    "name-differs": ("name",),
    "unknown-tier": ("tier",),
    "employee-left": ("owner_id", "owner"),
    "occurred-in-future": ("last_contacted_on",),
    "last_contacted_at": ("last_contacted_on",),
}
# Without a stage column, the stage follows from the work status.
STAGE_BY_STATUS = {
    WorkStatus.QUOTED: Stage.INTERESTED,
    WorkStatus.IN_PROGRESS: Stage.INTERESTED,
    WorkStatus.SOLVED: Stage.ESTABLISHED,
    WorkStatus.DONE: Stage.ESTABLISHED,
}


class CustomerImport:
    """Registers one customer per row. The number identifies the customer; without a number, the name does.

    A customer that had no number gets that of a row with its name, if no other customer has the name.
    """

    columns = COLUMNS
    places = PLACES

    def __init__(
        self,
        registration: Registration,
        lookup: CustomerLookup,
        introduce: Callable[[str, str], Awaitable[None]],
        pseudonyms: Pseudonyms,
        zone: str,
    ) -> None:
        """`introduce` saves the name of an employee."""
        self._registration = registration
        self._lookup = lookup
        self._introduce = introduce
        self._pseudonyms = pseudonyms
        self._zone = ZoneInfo(zone)
        self._kept_owners: set[str] = set()

    def keys(self, row: Row) -> RowKeys:
        cells = row.cells
        return RowKeys(self._pseudonyms.customer_keys(system_of(cells), cells["number"], cells["name"]), ())

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        await self._lookup.prepare(rows, "number", import_id, was_elsewhere=was_elsewhere)

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        cells = row.cells
        if not cells["name"]:
            raise RowProblemError("客户名称", "missing", "A row requires a customer name.", "缺少客户名称。")
        owner_id = self._owner_id(cells)
        command = self.command(cells, owner_id, context.now).with_entry(self._entry(cells, context.now))
        if owner_id and cells["owner"]:
            await self._introduce_owner(owner_id, cells["owner"])
        customer_id, numbered = await self._customer(cells["name"], command.external, context)
        customer_id, handled = await self._registration.register(customer_id, command, step(context, "register"))
        self._lookup.remember(cells["name"], customer_id, context)
        if handled.status == CREATED:
            return RowOutcome.CREATED, customer_id
        return (RowOutcome.CHANGED if handled.events or numbered else RowOutcome.UNCHANGED), customer_id

    async def _customer(
        self, name: str, number: commands.ExternalReference | None, context: Context
    ) -> tuple[UUID, bool]:
        """Return the id of a row's customer, and whether it got the number now. Raises RowProblemError."""
        if number is None:
            known = await self._lookup.named(name, "客户名称", context)
            return known.own_id if known else self._pseudonyms.customer(FILE_SYSTEM, name), False
        # A customer that another process registered within the last second is found when the command is committed.
        if not await self._registration.was_known_as(number.system, number.id):
            unnumbered = await self._lookup.unnumbered(name, context)
            if unnumbered and not await self._registration.known_as(number.system, number.id):
                await self._registration.take_number(unnumbered, number, step(context, "number"))
                return unnumbered, True
        return self._pseudonyms.customer(number.system, number.id), False

    def _owner_id(self, cells: dict[str, str]) -> str | None:
        """Return the owner's id; an owner given by name only gets an id that every service derives in the same way."""
        return cells["owner_id"] or (self._pseudonyms.employee(cells["owner"]) if cells["owner"] else None)

    async def _introduce_owner(self, owner_id: str, name: str) -> None:
        """Save the owner's name, unless the owner is known."""
        if owner_id not in self._kept_owners:
            await self._introduce(owner_id, name)
            self._kept_owners.add(owner_id)

    def command(self, cells: dict[str, str], owner_id: str | None, now: datetime) -> commands.Register:
        """Return the command of a row. Raises RowProblemError, or ValidationError for a field that does not fit."""
        status = choose(STATUSES, cells["work_status"], "跟进状态")
        stage = choose(STAGES, cells["stage"], "生命周期阶段")
        number = cells["number"]
        return commands.Register(
            kind=Kind.COMPANY,
            name=cells["name"] or None,
            external=commands.ExternalReference(system=system_of(cells), id=number) if number else None,
            source="import",
            profile=commands.Profile(
                need_type=cells["need_type"] or None,
                industry=cells["industry"] or None,
                region=cells["region"] or None,
                work_status=status,
                last_contacted_at=self._past(cells["last_contacted_on"], "最近沟通时间", now),
            ),
            tier=tier(cells["tier"]),
            stage=stage or (STAGE_BY_STATUS[status] if status else None),
            owner_id=owner_id,
            rename=choose(RENAMES, cells["rename"], "更名") or False,
        )

    def _entry(self, cells: dict[str, str], now: datetime) -> commands.Entry:
        """Return the days that the row states. The same day of contact in a file that is sent again is the same one."""
        contacted = moment(cells["last_contacted_on"], "最近沟通时间")
        began_at = contacted.instant(self._zone, time()) if contacted and not contacted.at else None
        registered_at = self._past(cells["registered_on"], "登记日期", now)
        return commands.Entry(contact_day_began_at=began_at, registered_at=registered_at)

    def _past(self, text: str, column: str, now: datetime) -> datetime | None:
        """Return the instant of a moment that is not in the future."""
        found = moment(text, column)
        if found is None:
            return None
        at = found.instant(self._zone, WORKDAY_START)
        if found.at is None and found.on == now.astimezone(self._zone).date():
            # A file that is sent before WORKDAY_START of the same day cannot name a later time.
            return min(at, now)
        if at > now:
            raise RowProblemError(column, "in-future", "The day is in the future.", "日期不能晚于今天。")
        return at


def tier(text: str) -> commands.Tier | None:
    chosen = choose(TIERS | ABC, text, "客户分层")
    if chosen is None:
        return None
    return commands.Tier(scheme="abc", tier=chosen) if chosen in ABC.values() else commands.Tier(tier=chosen)
