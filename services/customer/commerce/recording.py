"""Records orders, quotes and contracts that arrive through REST, files and Kafka."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.commands.command import Command, Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import MovedError, RejectedError
from chassis.commands.holders import Holders
from chassis.commands.item_limit import ItemKind, ItemLimit
from chassis.commands.problem import not_found
from chassis.commands.result import Handled
from chassis.http.streams import first_of, new_id
from chassis.rules.comparison import normalised
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import ContractSigned, OrderPlaced, QuoteIssued, QuoteRequested
from contracts.event import Envelope, Event
from services.customer import limits
from services.customer.commands import ExternalReference
from services.customer.domain import Customer
from services.customer.domain.contract import CONTRACT
from services.customer.domain.erasure import require_kept
from services.customer.domain.order import ORDER
from services.customer.domain.quote import QUOTE

S = TypeVar("S")
Authorize = Callable[[Holders], None]


def authorize_all(_holders: Holders) -> None:
    """Allow everything: files and inbound messages are already authorized."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """Orders, quotes or contracts. Each has its own stream, whose first event is one of `beginnings`."""

    name: str
    beginnings: tuple[type[Event], ...]
    handler: CommandHandler[S]

    @property
    def path(self) -> str:
        return f"/v1/{self.name}s"


class Commerce:
    """Runs commands on the orders, quotes and contracts of known customers."""

    def __init__(
        self,
        store: EventStore,
        mapper: EventMapper,
        customers: CommandHandler[Customer],
        pseudonyms: Pseudonyms,
        limit: Callable[[ItemKind], ItemLimit],
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._customers = customers
        self._pseudonyms = pseudonyms
        orders = CommandHandler(store, ORDER, mapper, limit(limits.OPEN_ORDERS))
        quotes = CommandHandler(store, QUOTE, mapper, limit(limits.QUOTES))
        contracts = CommandHandler(store, CONTRACT, mapper, limit(limits.RUNNING_CONTRACTS))
        self.orders = Kind("order", (OrderPlaced,), orders)
        self.quotes = Kind("quote", (QuoteRequested, QuoteIssued), quotes)
        self.contracts = Kind("contract", (ContractSigned,), contracts)

    def named(self, kind: Kind[Any], reference: ExternalReference) -> UUID:
        """Return the id that is derived from a number of another system: the same for REST, files and Kafka."""
        return self.numbered(kind, reference.system, reference.id)

    def numbered(self, kind: Kind[Any], system: str, number: str) -> UUID:
        return self._pseudonyms.derived(kind.name, normalised(system), normalised(number))

    async def belongs(self, kind: Kind[Any], record_id: UUID, customer_id: UUID) -> bool:
        """Whether the order, quote or contract belongs to this customer; raise the 404 problem if there is none."""
        subject = (await self._first_of(kind, record_id)).subject
        return customer_id in {subject, (await self._customers.load(subject)).state.merged_into}

    async def holders(self, customer_id: UUID) -> Holders:
        """Return the holders of a customer, or of the customer that it was merged into."""
        customer = (await self._customers.load(customer_id)).state
        if customer.merged_into:
            customer = (await self._customers.load(customer.merged_into)).state
        return customer.holders

    async def begin(
        self,
        kind: Kind[Any],
        customer_id: UUID,
        command: Any,
        context: Context,
        authorize: Authorize = authorize_all,
        *,
        is_new: bool = False,
        was_read: bool = False,
    ) -> tuple[UUID, Handled]:
        """Begin an order, quote or contract; raise the 404 problem for an unknown customer.

        `is_new`: it is probably not known yet, so it is not read before. `was_read`: the caller has just read the
        customer and needs no authorization; the state of up to a second ago is used.
        """
        load = self._customers.load_recent if was_read else self._customers.load
        require_open((await load(customer_id)).state, authorize)
        external = command.external
        record_id = self.named(kind, external) if external else new_id(context, self._pseudonyms)
        # A quote that is known may be issued again.
        known = await self._store.first_of(record_id) if external and kind is self.quotes else None
        handled = await kind.handler.handle(
            record_id,
            command,
            context,
            subject=customer_id,
            is_new=is_new,
            not_before=self._mapper.to_envelope(known).occurred_at if known else None,
        )
        if not handled.events and not await self.belongs(kind, record_id, customer_id):
            raise of_another_customer(kind.name)
        return record_id, handled

    async def change(
        self,
        kind: Kind[Any],
        record_id: UUID,
        command: Command,
        context: Context,
        *,
        expected_version: int | None = None,
        authorize: Authorize = authorize_all,
    ) -> Handled:
        """Change an order, quote or contract, not before its beginning; raise the 404 problem if there is none."""
        first = await self._first_of(kind, record_id)
        authorize(await self.holders(first.subject))
        return await kind.handler.handle(
            record_id,
            command,
            context,
            subject=first.subject,
            expected_version=expected_version,
            not_before=first.occurred_at,
        )

    async def begun_at(self, kind: Kind[Any], record_id: UUID) -> datetime:
        """Return when the order was placed, the quote requested or the contract signed."""
        return (await self._first_of(kind, record_id)).occurred_at

    async def _first_of(self, kind: Kind[Any], record_id: UUID) -> Envelope[Any]:
        return await first_of(record_id, kind.beginnings, self._store, self._mapper)


def require_open(customer: Customer, authorize: Authorize) -> None:
    """Raise the problem of a customer that is unknown, merged, not the caller's, or erased."""
    if not customer.known:
        raise not_found()
    if customer.merged_into:
        raise MovedError(customer.merged_into)
    authorize(customer.holders)
    require_kept(customer)


def of_another_customer(name: str) -> RejectedError:
    zh = {"order": "订单", "quote": "报价", "contract": "合同"}[name]
    return RejectedError(
        f"{name}-of-another-customer",
        f"The {name} with this number belongs to another customer.",
        f"该编号的{zh}属于其他客户。",
        "external",
    )
