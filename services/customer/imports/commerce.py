"""Imports orders and contracts from orders.csv, contracts.csv and .xlsx: headers, and the commands of a row."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command import Context, FactCommand
from chassis.commands.result import CREATED, Handled
from chassis.files.importer import RowKeys, RowOutcome, RowProblemError, step
from chassis.files.row_cells import WORKDAY_START, choose, day, moment, required, system_of
from chassis.files.table import SOURCE_SYSTEM, Column, Meaning, Row
from chassis.rules.comparison import normalised
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import ContractKind, RenewalIntent
from contracts.field_error import FieldError
from contracts.money import currency_of_sign, minor_units, written_amount
from services.customer import commands
from services.customer.commerce.recording import Commerce, Kind
from services.customer.imports.customer_lookup import CustomerLookup

CUSTOMER = (
    Column("customer_number", ("客户编号", "customer_number")),
    Column("customer", ("客户名称", "customer_name", "customer")),
    SOURCE_SYSTEM,
)
MONEY = (
    Column("amount", ("金额", "金额（元）", "amount"), required=True, meaning=Meaning.AMOUNT),
    Column("currency", ("币种", "currency")),
)
ORDER_COLUMNS = (
    Column("number", ("订单编号", "order_number"), required=True),
    *CUSTOMER,
    *MONEY,
    Column("category", ("产品类别", "category")),
    Column("placed_on", ("下单日期", "placed_on"), required=True, meaning=Meaning.MOMENT),
    Column("delivered_on", ("交付日期", "delivered_on"), meaning=Meaning.MOMENT),
    Column("cancelled_on", ("取消日期", "cancelled_on"), meaning=Meaning.MOMENT),
    Column("reason", ("取消原因", "cancel_reason")),
)
CONTRACT_COLUMNS = (
    Column("number", ("合同编号", "contract_number"), required=True),
    *CUSTOMER,
    *MONEY,
    Column("kind", ("合同类型", "kind")),
    Column("signed_on", ("签订日期", "signed_on"), required=True, meaning=Meaning.MOMENT),
    Column("starts_on", ("开始日期", "starts_on"), required=True, meaning=Meaning.DAY),
    Column("ends_on", ("结束日期", "ends_on"), meaning=Meaning.LAST_DAY),
    Column("intent", ("续签意向", "renewal_intent")),
    Column("document_id", ("文件编号", "document_id")),
    Column("ended_on", ("终止日期", "ended_on"), meaning=Meaning.MOMENT),
    Column("reason", ("终止原因", "end_reason")),
)
CURRENCIES = {"人民币": "CNY", "rmb": "CNY", "元": "CNY"}
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
# The column that says when the facts of a command happened.
DAYS: dict[type[FactCommand], str] = {
    commands.PlaceOrder: "placed_on",
    commands.DeliverOrder: "delivered_on",
    commands.CancelOrder: "cancelled_on",
    commands.SignContract: "signed_on",
    commands.EndContract: "ended_on",
}

PLACES = {"": ("customer_number", "customer"), "id": ("number",), "amount_minor": ("amount",)}
ORDER_PLACES = {
    **PLACES,
    "occurred-in-future": ("cancelled_on", "delivered_on", "placed_on"),
    "occurred-too-early": ("cancelled_on", "delivered_on"),
    "occurred_at": ("placed_on",),
    "order-closed": ("cancelled_on", "delivered_on"),
    "order-differs": ("amount",),
    "order-of-another-customer": ("number",),
}
CONTRACT_PLACES = {
    **PLACES,
    "occurred-in-future": ("ended_on", "signed_on"),
    "occurred-too-early": ("ended_on",),
    "occurred_at": ("signed_on",),
    "contract-ended": ("ended_on", "intent"),
    "contract-differs": ("amount",),
    "contract-of-another-customer": ("number",),
}


class CommerceImport:
    """Records one order or contract per row: its beginning and its later changes, each at WORKDAY_START of its day."""

    def __init__(self, commerce: Commerce, lookup: CustomerLookup, pseudonyms: Pseudonyms, zone: str) -> None:
        self._commerce = commerce
        self._pseudonyms = pseudonyms
        self._lookup = lookup
        self._zone = ZoneInfo(zone)

    def keys_within(self, kind: Kind[Any], cells: dict[str, str]) -> RowKeys:
        """Return the id of the order or contract, and the ids that stand for the customer."""
        system, number = system_of(cells), cells["number"]
        customer = self._pseudonyms.customer_keys(system, cells["customer_number"], cells["customer"])
        return RowKeys([self._commerce.numbered(kind, system, number)] if number else [], customer)

    def at(self, text: str, column: str) -> datetime | None:
        found = moment(text, column)
        return found.instant(self._zone, WORKDAY_START) if found else None

    async def record(
        self, kind: Kind[Any], cells: dict[str, str], row_commands: list[FactCommand], context: Context
    ) -> tuple[RowOutcome, UUID]:
        """Run the commands of a row: the first begins the order or contract, the others change it."""
        customer_id = await self._customer(cells, context)
        beginning, *changes = row_commands
        beginning = self.within_day(beginning, cells, context.now)
        record_id, first = await self._commerce.begin(kind, customer_id, beginning, step(context, "begin"), is_new=True)
        handled: list[Handled] = [first]
        begun_at = await self._commerce.begun_at(kind, record_id) if changes else None
        for number, each in enumerate(changes):
            command = self.within_day(each, cells, context.now, begun_at)
            handled.append(await self._commerce.change(kind, record_id, command, step(context, f"since-{number}")))
        if first.status == CREATED:
            return RowOutcome.CREATED, customer_id
        return (RowOutcome.CHANGED if any(one.events for one in handled) else RowOutcome.UNCHANGED), customer_id

    def within_day(
        self, command: FactCommand, cells: dict[str, str], now: datetime, begun_at: datetime | None = None
    ) -> FactCommand:
        """Return the command; if its cell states only a day, with a time of that day between `begun_at` and `now`."""
        field, stated = DAYS.get(type(command)), command.occurred_at and command.occurred_at.astimezone(self._zone)
        if not field or not stated or required(moment(cells[field], field), field).at:
            return command
        earliest, latest = (each.astimezone(self._zone) if each else stated for each in (begun_at, now))
        at = max(stated, earliest) if earliest.date() == stated.date() else stated
        at = min(at, latest) if latest.date() == stated.date() else at
        return command.model_copy(update={"occurred_at": at.astimezone(UTC)})

    async def _customer(self, cells: dict[str, str], context: Context) -> UUID:
        """Return the row's customer, by number or else by name. Raises RowProblemError."""
        number, name = cells["customer_number"], cells["customer"]
        if not (number or name):
            raise RowProblemError(
                "客户编号", "missing", "A row requires a customer number or name.", "缺少客户编号或客户名称。"
            )
        if number:
            found = await self._lookup.numbered(system_of(cells), number, name, "客户名称")
        else:
            named = await self._lookup.named(name, "客户名称", context)
            found = named.present_id if named else None
        if found is None:
            sentence = "This customer is not registered. Import the customers first."
            raise RowProblemError("客户编号", "customer-unknown", sentence, "该客户尚未登记，请先导入客户。")
        return found


class OrderImport(CommerceImport):
    """Orders. The number (订单编号) identifies an order."""

    columns = ORDER_COLUMNS
    places = ORDER_PLACES

    def keys(self, row: Row) -> RowKeys:
        return self.keys_within(self._commerce.orders, row.cells)

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
    places = CONTRACT_PLACES

    def keys(self, row: Row) -> RowKeys:
        return self.keys_within(self._commerce.contracts, row.cells)

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
    return commands.ExternalReference(system=system_of(cells), id=cells["number"])


def money(cells: dict[str, str]) -> dict[str, int | str]:
    """Return amount and currency: that of its column, or of the sign in the amount, or else CNY."""
    try:
        currency = currency_of(cells)
        return {"amount_minor": minor_units(cells["amount"], currency), "currency": currency}
    except FieldError as error:
        raise RowProblemError("金额", "not-an-amount", error.en, error.zh) from error


def currency_of(cells: dict[str, str]) -> str:
    written = cells["currency"]
    if written:
        return CURRENCIES.get(normalised(written), written.upper())
    return currency_of_sign(written_amount(cells["amount"])[1]) or "CNY"
