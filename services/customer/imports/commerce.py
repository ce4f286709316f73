"""Imports orders and contracts from orders.csv, contracts.csv and .xlsx: the commands of a row."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command import Context, FactCommand
from chassis.commands.result import CREATED, Handled
from chassis.files.importer import RowKeys, RowOutcome, RowProblemError, step
from chassis.files.row_cells import WORKDAY_START, choose, day, moment, required, system_of
from chassis.files.table import Row
from chassis.rules.comparison import normalised
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import ContractKind, RenewalIntent
from contracts.field_error import FieldError
from contracts.money import currency_of_sign, minor_units, written_amount
from contracts.types import CODE_PATTERN
from services.customer import commands
from services.customer.commerce.recording import Commerce, Kind
from services.customer.imports.commerce_columns import (
    CONTRACT_COLUMNS,
    CURRENCIES,
    INTENTS,
    KINDS,
    ORDER_COLUMNS,
    REASONS,
)
from services.customer.imports.customer_lookup import CustomerLookup

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

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        await self._lookup.prepare(rows, "customer_number", import_id, was_elsewhere=was_elsewhere)

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
        record_id, first = await self._commerce.begin(
            kind, customer_id, beginning, step(context, "begin"), is_new=True, was_read=True
        )
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
            found.append(commands.CancelOrder(occurred_at=cancelled_at, reason=reason(cells, "取消原因")))
        else:
            refuse_reason(cells, "取消日期")
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
        if intent:
            found.append(commands.StateRenewalIntent(intent=intent))
        if ended_at := self.at(cells["ended_on"], "终止日期"):
            found.append(commands.EndContract(occurred_at=ended_at, reason=reason(cells, "终止原因")))
        else:
            refuse_reason(cells, "终止日期")
        return found


def reference(cells: dict[str, str], column: str) -> commands.ExternalReference:
    if not cells["number"]:
        raise RowProblemError(column, "missing", "A row requires its number.", f"缺少{column}。")
    return commands.ExternalReference(system=system_of(cells), id=cells["number"])


def reason(cells: dict[str, str], column: str) -> str:
    """Return the code of the reason: a word of REASONS, or a code as it is written."""
    text = cells["reason"]
    code = REASONS.get(normalised(text), text or UNSTATED)
    if not re.fullmatch(CODE_PATTERN, code):
        words, words_zh = ", ".join(REASONS.values()), "、".join(REASONS)
        en = f"Must be one of: {words}; or another code of letters a to z, digits, dots and hyphens."
        zh = f"须为以下之一：{words_zh}；或由小写英文字母、数字、点和连字符组成的代码，例如 price。"
        raise RowProblemError(column, "unknown-word", en, zh)
    return code


def refuse_reason(cells: dict[str, str], column: str) -> None:
    """Refuse a reason without the day of what it is the reason for, which is `column`."""
    if cells["reason"]:
        raise RowProblemError(column, "missing", f"A reason requires {column}.", f"填写了原因，但缺少{column}。")


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
