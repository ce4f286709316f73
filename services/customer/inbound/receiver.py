"""Receives inbound messages from Kafka, and runs the same commands as REST."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from chassis.commands.command import Command, Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
from chassis.store.pseudonym import Pseudonyms
from contracts import inbound
from contracts.inbound import AnyInbound, InboundMessage, Reference
from contracts.types import Clean
from services.customer import commands
from services.customer.commerce.recording import Commerce, Kind, of_another_customer
from services.customer.domain import Customer
from services.customer.registration import Registration

CONSUMER = "customer-inbound"
SOURCE = "inbound"


# Numbers with other characters cannot be registered.
Number = Annotated[str, Clean]


class NamedNumber(BaseModel):
    """The number of a customer, read less strictly than `Reference`."""

    system: Number
    id: Number


class NamedCustomer(BaseModel):
    """The customer that a message names, whatever else is wrong with the message."""

    customer: NamedNumber | None = None
    customer_id: UUID | None = None


class InboundReceiver:
    """Runs the command of an inbound message."""

    def __init__(
        self,
        customers: CommandHandler[Customer],
        registration: Registration,
        commerce: Commerce,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._customers = customers
        self._registration = registration
        self._commerce = commerce
        self._pseudonyms = pseudonyms

    def customer_of(self, message: InboundMessage) -> UUID:
        """Return the id that is derived from the customer's number, whether the customer is registered or not."""
        return self._pseudonyms.customer(message.customer.system, message.customer.id)

    def named_in(self, data: Any) -> UUID | None:
        """Return the id of the customer that the data of an invalid message names, or None."""
        try:
            named = NamedCustomer.model_validate(data)
        except ValidationError:
            return None
        if named.customer:
            return self._pseudonyms.customer(named.customer.system, named.customer.id)
        return named.customer_id

    async def receive(self, message: AnyInbound, context: Context) -> None:
        """Run the command. Raises RejectedError or ProblemError if a rule does not allow it."""
        commerce = self._commerce
        match message:
            case inbound.CompanyStated():
                await self._registration.register(self.customer_of(message), registration_of(message), context)
            case inbound.OrderPlaced(order=number):
                await self._begin(commerce.orders, message, number, commands.PlaceOrder, context)
            case inbound.QuoteRequested(quote=number) | inbound.QuoteIssued(quote=number):
                await self._begin(commerce.quotes, message, number, commands.OpenQuote, context)
            case inbound.ContractSigned(contract=number):
                await self._begin(commerce.contracts, message, number, commands.SignContract, context)
            case inbound.OrderDelivered(order=number):
                await self._change(commerce.orders, message, number, commands.DeliverOrder, context)
            case inbound.OrderCancelled(order=number):
                await self._change(commerce.orders, message, number, commands.CancelOrder, context)
            case inbound.QuoteCompared(quote=number):
                await self._change(commerce.quotes, message, number, commands.CompareQuote, context)
            case inbound.ContractRenewed(contract=number):
                await self._change(commerce.contracts, message, number, commands.RenewContract, context)
            case inbound.RenewalIntentStated(contract=number):
                await self._change(commerce.contracts, message, number, commands.StateRenewalIntent, context)
            case inbound.ContractEnded(contract=number):
                await self._change(commerce.contracts, message, number, commands.EndContract, context)
            case inbound.CompetitorSeen():
                await self._record(message, commands.SeeCompetitor, context)
            case inbound.ReferralMade(referred=referred):
                referred_id = await self._known(referred) if referred else None
                await self._record(message, commands.MakeReferral, context, referred_customer_id=referred_id)

    async def _begin(
        self, kind: Kind[Any], message: InboundMessage, number: Reference, command_type: type[Command], context: Context
    ) -> None:
        command = command_type.model_validate(fields_of(message) | {"external": number.model_dump()})
        await self._commerce.begin(kind, await self._known(message.customer), command, context)

    async def _change(
        self, kind: Kind[Any], message: InboundMessage, number: Reference, command_type: type[Command], context: Context
    ) -> None:
        record_id = self._commerce.named(kind, commands.ExternalReference(system=number.system, id=number.id))
        customer_id = await self._known(message.customer)
        if not await self._commerce.belongs(kind, record_id, customer_id):
            raise of_another_customer(kind.name)
        await self._commerce.change(kind, record_id, command_type.model_validate(fields_of(message)), context)

    async def _record(
        self, message: InboundMessage, command_type: type[Command], context: Context, **more: Any
    ) -> None:
        command = command_type.model_validate(fields_of(message) | more)
        await self._customers.handle(await self._known(message.customer), command, context)

    async def _known(self, number: Reference) -> UUID:
        found = await self._registration.known_as(number.system, number.id)
        if found is None:
            raise RejectedError(
                "customer-unknown", "No customer is registered under this number.", "该编号下尚未登记客户。"
            )
        return found


def fields_of(message: InboundMessage) -> dict[str, Any]:
    """Return the fields of a message without its references to the customer and to the order, quote or contract."""
    return message.model_dump(exclude={"customer", "order", "quote", "contract", "referred"})


def registration_of(message: inbound.CompanyStated) -> commands.Register:
    number = message.customer
    return commands.Register(
        name=message.name,
        external=commands.ExternalReference(system=number.system, id=number.id),
        source=SOURCE,
        profile=commands.Profile(industry=message.industry, region=message.region),
        owner_id=message.owner_id,
        rename=message.rename,
        occurred_at=message.occurred_at,
    )
