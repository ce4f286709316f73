"""Registers a customer under a number, or finds whom the number leads to."""

from collections.abc import Callable
from uuid import UUID

from chassis.commands.command import Context
from chassis.commands.command_handler import allow_all
from chassis.commands.decider import MovedError, RejectedError
from chassis.commands.result import Handled
from services.customer import commands
from services.customer.dependencies import Dependencies
from services.customer.domain import Customer
from services.customer.domain.references import LEADS_ELSEWHERE
from services.customer.tiers.schemes import offered


async def register(
    customer_id: UUID,
    command: commands.Register,
    context: Context,
    needs: Dependencies,
    authorize: Callable[[Customer], None] = allow_all,
) -> tuple[UUID, Handled]:
    """Run the command on the customer with this id, or on the one that its number has been given to since."""
    if command.tier:
        tiers = await offered(needs.tier_schemes, command.tier.scheme, context.now)
        command = commands.RegisterInTier(**dict(command), offered=tiers)
    if command.owner_id and not command.leader_id and (owner := await needs.queries.employee(command.owner_id)):
        command = command.with_owner_led_by(owner.leader_id)
    try:
        return customer_id, await needs.customers.handle(customer_id, command, context, authorize=authorize)
    except RejectedError as refusal:
        leads_to = await goes_on_as(customer_id, needs)
        if leads_to == customer_id or not (isinstance(refusal, MovedError) or refusal.code == LEADS_ELSEWHERE):
            raise
    return leads_to, await needs.customers.handle(leads_to, command, context, authorize=authorize)


async def known_as(system: str, number: str, needs: Dependencies) -> UUID | None:
    """Return the customer whom a system knows by this number, as it stands after every acknowledged command."""
    derived = needs.pseudonyms.customer(system, number)
    found = await goes_on_as(derived, needs)
    return found if (await needs.customers.load(found)).state.known else None


async def goes_on_as(customer_id: UUID, needs: Dependencies) -> UUID:
    """Return the customer that an id leads to: as a number it may stand for one, which may be merged into another."""
    stands_for = (await needs.customers.load(customer_id)).state.stands_for or customer_id
    return (await needs.customers.load(stands_for)).state.merged_into or stands_for
