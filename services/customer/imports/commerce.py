"""Imports orders and contracts from orders.csv, contracts.csv and .xlsx: headers, and the commands of a row."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command import Context, FactCommand
from chassis.commands.result import CREATED, Handled
from chassis.files.imports import RowOutcome, RowProblemError, step
from chassis.files.spreadsheet import Column, Row
from chassis.store.pseudonym import normalised
from contracts.customer import ContractKind, RenewalIntent
from contracts.field_error import FieldError
from contracts.money import minor_units
from services.customer import commands
from services.customer.commerce.recording import Commerce, Kind
from services.customer.imports.cells import FILE_SYSTEM, WORKDAY_START, choose, day, required
from services.customer.queries import CustomerQueries
from services.customer.registration import Registration

CUSTOMER = (
    Column("customer_number", ("客户编号", "customer_number")),
    Column("customer", ("客户名称", "customer_name", "customer")),
)
MONEY = (Column("amount", ("金额", "amount"), required=True), Column("currency", ("币种", "currency")))
ORDER_COLUMNS = (
    Column("number", ("订单编号", "order_number"), required=True),
    *CUSTOMER,
    *MONEY,
    Column("category", ("产品类别", "category")),
    Column("placed_on", ("下单日期", "placed_on"), required=True),
    Column("delivered_on", ("交付日期", "delivered_on")),
    Column("cancelled_on", ("取消日期", "cancelled_on")),
    Column("reason", ("取消原因", "cancel_reason")),
)
CONTRACT_COLUMNS = (
    Column("number", ("合同编号", "contract_number"), required=True),
    *CUSTOMER,
    *MONEY,
    Column("kind", ("合同类型", "kind")),
    Column("signed_on", ("签订日期", "signed_on"), required=True),
    Column("starts_on", ("开始日期", "starts_on"), required=True),
    Column("ends_on", ("结束日期", "ends_on")),
    Column("intent", ("续签意向", "renewal_intent")),
    Column("document_id", ("文件编号", "document_id")),
    Column("ended_on", ("终止日期", "ended_on")),
    Column("reason", ("终止原因", "end_reason")),
)
CURRENCIES = {"": "CNY", "人民币": "CNY", "rmb": "CNY", "元": "CNY"}
KINDS = {
    "普通合同": ContractKind.STANDARD,
    "框架协议": ContractKind.FRAMEWORK,
    "长期合作协议": ContractKind.STRATEGIC,
    **{str(kind): kind for kind in ContractKind},
}
INTENTS = {
    "是": RenewalIntent.YES,
    "否": RenewalIntent.NO,
    "未知": RenewalIntent.UNKNOWN,
    **{str(intent): intent for intent in RenewalIntent},
}
UNSTATED = "stated-by-source"
ENOUGH_TO_BE_AMBIGUOUS = 2


class CommerceImport:
    """Records one order or contract per row: its beginning and its later changes, each at WORKDAY_START of its day."""

    def __init__(self, commerce: Commerce, registration: Registration, queries: CustomerQueries, zone: str) -> None:
        self._commerce = commerce
        self._registration = registration
        self._queries = queries
        self._zone = ZoneInfo(zone)

    def ordering_key(self, row: Row) -> str:
        return normalised(row.cells["number"])

    def at(self, text: str, column: str) -> datetime | None:
        found = day(text, column)
        return datetime.combine(found, WORKDAY_START, self._zone) if found else None

    async def record(
        self, kind: Kind[Any], cells: dict[str, str], row_commands: list[FactCommand], context: Context
    ) -> tuple[RowOutcome, UUID]:
        """Run the commands of a row: the first begins the order or contract, the others change it."""
        customer_id = await self._customer(cells)
        beginning, *changes = row_commands
        beginning = self.within_day(beginning, context.now)
        record_id, first = await self._commerce.begin(kind, customer_id, beginning, step(context, "begin"))
        handled: list[Handled] = [first]
        begun_at = await self._commerce.begun_at(kind, record_id) if changes else None
        for number, each in enumerate(changes):
            command, change_context = self.within_day(each, context.now, begun_at), step(context, f"since-{number}")
            handled.append(await self._commerce.change(kind, record_id, command, change_context))
        if first.status == CREATED:
            return RowOutcome.CREATED, customer_id
        return (RowOutcome.CHANGED if any(one.events for one in handled) else RowOutcome.UNCHANGED), customer_id

    def within_day(self, command: FactCommand, now: datetime, begun_at: datetime | None = None) -> FactCommand:
        """Return the command; if its day has no time, with a time of that day between `begun_at` and `now`."""
        stated = command.occurred_at and command.occurred_at.astimezone(self._zone)
        if not stated or stated.time() != WORKDAY_START:
            return command
        earliest, latest = (each.astimezone(self._zone) if each else stated for each in (begun_at, now))
        at = max(stated, earliest) if earliest.date() == stated.date() else stated
        at = min(at, latest) if latest.date() == stated.date() else at
        return command.model_copy(update={"occurred_at": at.astimezone(UTC)})

    async def _customer(self, cells: dict[str, str]) -> UUID:
        """Return the row's customer, by number or else by name. Raises RowProblemError."""
        number, name = cells["customer_number"], cells["customer"]
        if not (number or name):
            raise RowProblemError(
                "客户编号", "missing", "A row requires a customer number or name.", "缺少客户编号或客户名称。"
            )
        if found := await self._registration.known_as(FILE_SYSTEM, number or name):
            return found
        named = [] if number else await self._queries.named(name, ENOUGH_TO_BE_AMBIGUOUS)
        if len(named) == 1:
            return named[0]
        if named:
            sentence = "Several customers have this name. Fill in the customer number."
            raise RowProblemError("客户名称", "customer-ambiguous", sentence, "有多个同名客户，请填写客户编号。")
        sentence = "This customer is not registered. Import the customers first."
        raise RowProblemError("客户编号", "customer-unknown", sentence, "该客户尚未登记，请先导入客户。")


class OrderImport(CommerceImport):
    """Orders. The number (订单编号) identifies an order."""

    columns = ORDER_COLUMNS

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        return await self.record(self._commerce.orders, row.cells, self.commands_of(row.cells), context)

    def commands_of(self, cells: dict[str, str]) -> list[FactCommand]:
        """Return the commands of a row. Raises RowProblemError, or ValidationError for a field that does not fit."""
        place = commands.PlaceOrder.model_validate(
            {
                "external": reference(cells, "订单编号"),
                "category": cells["category"] or None,
                "occurred_at": required(self.at(cells["placed_on"], "下单日期"), "下单日期"),
                **money(cells),
            }
        )
        found: list[FactCommand] = [place]
        if delivered_at := self.at(cells["delivered_on"], "交付日期"):
            found.append(commands.DeliverOrder(occurred_at=delivered_at))
        if cancelled_at := self.at(cells["cancelled_on"], "取消日期"):
            found.append(commands.CancelOrder(occurred_at=cancelled_at, reason=cells["reason"] or UNSTATED))
        return found


class ContractImport(CommerceImport):
    """Contracts. The number (合同编号) identifies a contract; a row states the first term."""

    columns = CONTRACT_COLUMNS

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        return await self.record(self._commerce.contracts, row.cells, self.commands_of(row.cells), context)

    def commands_of(self, cells: dict[str, str]) -> list[FactCommand]:
        """Return the commands of a row. Raises RowProblemError, or ValidationError for a field that does not fit."""
        intent = choose(INTENTS, cells["intent"], "续签意向")
        sign = commands.SignContract.model_validate(
            {
                "external": reference(cells, "合同编号"),
                "kind": choose(KINDS, cells["kind"], "合同类型") or ContractKind.STANDARD,
                "starts_on": required(day(cells["starts_on"], "开始日期"), "开始日期"),
                "ends_on": day(cells["ends_on"], "结束日期"),
                "renewal_intent": intent or RenewalIntent.UNKNOWN,
                "document_id": cells["document_id"] or None,
                "occurred_at": required(self.at(cells["signed_on"], "签订日期"), "签订日期"),
                **money(cells),
            }
        )
        found: list[FactCommand] = [sign]
        if ended_at := self.at(cells["ended_on"], "终止日期"):
            found.append(commands.EndContract(occurred_at=ended_at, reason=cells["reason"] or UNSTATED))
        elif intent:
            found.append(commands.StateRenewalIntent(intent=intent))
        return found


def reference(cells: dict[str, str], column: str) -> commands.ExternalReference:
    if not cells["number"]:
        raise RowProblemError(column, "missing", "A row requires its number.", f"缺少{column}。")
    return commands.ExternalReference(system=FILE_SYSTEM, id=cells["number"])


def money(cells: dict[str, str]) -> dict[str, int | str]:
    """Return amount and currency; the default currency is CNY."""
    written = cells["currency"].strip()
    currency = CURRENCIES.get(normalised(written), written.upper())
    try:
        return {"amount_minor": minor_units(cells["amount"], currency), "currency": currency}
    except FieldError as error:
        raise RowProblemError("金额", "not-an-amount", error.en, error.zh) from error
