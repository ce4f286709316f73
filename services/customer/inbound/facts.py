"""What other systems tell by Kafka, taken the way of single requests: same rules, same refusals."""

from typing import Any
from uuid import UUID

from chassis.commands.command import Command, Context
from chassis.commands.decider import RejectedError
from contracts import inbound
from contracts.inbound import AnyInbound, InboundMessage, Reference
from services.customer import commands
from services.customer.commerce.recording import Kind, of_another_customer
from services.customer.dependencies import Dependencies
from services.customer.registration import known_as, register

CONSUMER = "customer-inbound"
SOURCE = "inbound"


class InboundFacts:
    """Runs the command that a message stands for."""

    def __init__(self, needs: Dependencies) -> None:
        self._needs = needs

    def customer_of(self, message: InboundMessage) -> UUID:
        """Return the id that the customer's number stands for, whether it is known yet or not."""
        return self._needs.pseudonyms.customer(message.customer.system, message.customer.id)

    async def take(self, message: AnyInbound, context: Context) -> None:
        """Record the fact. Raises RejectedError or ProblemError where a rule does not allow it."""
        commerce = self._needs.commerce
        match message:
            case inbound.CompanyStated():
                await register(self.customer_of(message), registration(message), context, self._needs)
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
                await self._tell(message, commands.SeeCompetitor, context)
            case inbound.ReferralMade(referred=referred):
                who = await self._known(referred) if referred else None
                await self._tell(message, commands.MakeReferral, context, referred_customer_id=who)

    async def _begin(
        self, kind: Kind[Any], message: InboundMessage, number: Reference, asked: type[Command], context: Context
    ) -> None:
        command = asked.model_validate(facts_of(message) | {"external": number.model_dump()})
        await self._needs.commerce.begin(kind, await self._known(message.customer), command, context)

    async def _change(
        self, kind: Kind[Any], message: InboundMessage, number: Reference, asked: type[Command], context: Context
    ) -> None:
        thing_id = self._needs.commerce.named(kind, commands.ExternalReference(system=number.system, id=number.id))
        customer_id = await self._known(message.customer)
        if not await self._needs.commerce.belongs(kind, thing_id, customer_id):
            raise of_another_customer(kind.name)
        await self._needs.commerce.change(kind, thing_id, asked.model_validate(facts_of(message)), context)

    async def _tell(self, message: InboundMessage, asked: type[Command], context: Context, **more: Any) -> None:
        command = asked.model_validate(facts_of(message) | more)
        await self._needs.customers.handle(await self._known(message.customer), command, context)

    async def _known(self, number: Reference) -> UUID:
        found = await known_as(number.system, number.id, self._needs)
        if found is None:
            raise RejectedError(
                "customer-unknown", "No customer is known by this number yet.", "尚无使用该编号的客户。"
            )
        return found


def facts_of(message: InboundMessage) -> dict[str, Any]:
    """Return what the message says beside whose it is and which thing it is about."""
    return message.model_dump(exclude={"customer", "order", "quote", "contract", "referred"})


def registration(message: inbound.CompanyStated) -> commands.Register:
    number = message.customer
    return commands.Register(
        name=message.name,
        external=commands.ExternalReference(system=number.system, id=number.id),
        source=SOURCE,
        profile=commands.Profile(industry=message.industry, region=message.region),
        owner_id=message.owner_id,
        occurred_at=message.occurred_at,
    )
