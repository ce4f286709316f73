"""Registers customers, and finds the customer of an external number."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler, allow_all
from chassis.commands.decider import MovedError, RejectedError
from chassis.commands.result import Handled
from chassis.rules.comparison import is_name_of
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from contracts.customer import TierSchemePublished
from services.customer import commands
from services.customer.domain import Customer
from services.customer.domain.references import LEADS_ELSEWHERE
from services.customer.employees import Employees
from services.customer.tiers.schemes import offered


class Registration:
    """Registration through REST, files and Kafka."""

    def __init__(
        self,
        customers: CommandHandler[Customer],
        tier_schemes: Versions[TierSchemePublished],
        employees: Employees,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._customers = customers
        self._tier_schemes = tier_schemes
        self._employees = employees
        self._pseudonyms = pseudonyms

    async def register(
        self,
        customer_id: UUID,
        command: commands.Register,
        context: Context,
        authorize: Callable[[Customer], None] = allow_all,
    ) -> tuple[UUID, Handled]:
        """Run the command on the customer with this id or, if it was merged or its number moved, on the present one."""
        command = await self._completed(command, context)
        # What is stated about a known customer is stated now.
        if (registered_at := command.entry.registered_at) and not await self._is_known(customer_id):
            command = command.model_copy(update={"occurred_at": registered_at})
        try:
            return customer_id, await self._customers.handle(customer_id, command, context, authorize=authorize)
        except RejectedError as refusal:
            current_id = await self.current_id(customer_id)
            if current_id == customer_id or not (isinstance(refusal, MovedError) or refusal.code == LEADS_ELSEWHERE):
                raise
        led = command.with_entry(replace(command.entry, led_by=await self._names_before(customer_id)))
        return current_id, await self._customers.handle(current_id, led, context, authorize=authorize)

    async def known_as(self, system: str, number: str) -> UUID | None:
        """Return the customer with this number in another system, including every acknowledged command."""
        found = await self.current_id(self._pseudonyms.customer(system, number))
        return found if (await self._customers.load(found)).state.known else None

    async def known_recently_as(self, system: str, number: str) -> UUID | None:
        """Return the customer with this number: the one of up to a second ago, or else like `known_as`."""
        number_id = self._pseudonyms.customer(system, number)
        owner_id = (await self._recent_state(number_id)).reserved_for or number_id
        found = await self._recent_state(owner_id)
        return owner_id if found.known and not found.merged_into else await self.known_as(system, number)

    async def was_known_as(self, system: str, number: str) -> bool:
        """Whether there was a customer with this number up to a second ago."""
        first = await self._recent_state(self._pseudonyms.customer(system, number))
        return first.known or first.reserved_for is not None

    async def refresh(self, numbers: Iterable[tuple[str, str]]) -> None:
        """Read the customers with these numbers in few statements. `known_recently_as` and `was_known_as` find them."""
        number_ids = {self._pseudonyms.customer(system, number) for system, number in numbers}
        await self._customers.refresh(number_ids)
        owner_ids = [(await self._recent_state(each)).reserved_for for each in number_ids]
        await self._customers.refresh({each for each in owner_ids if each})

    async def has_name(self, system: str, number: str, name: str) -> bool:
        """Whether the customer with this number has or had this name; a person's name is not compared."""
        number_id = self._pseudonyms.customer(system, number)
        present = (await self._customers.load(await self.current_id(number_id))).state
        keys = [*present.name_keys, *await self._names_before(number_id)]
        return not keys or is_name_of(keys, name)

    async def take_number(self, customer_id: UUID, reference: commands.ExternalReference, context: Context) -> None:
        """Add a number of another system to a known customer."""
        number_id = self._pseudonyms.customer(reference.system, reference.id)
        reserve = commands.ReserveReference(reference=reference, customer_id=customer_id)
        linked = [self._customers.linked(number_id, reserve)] if number_id != customer_id else []
        await self._customers.handle(customer_id, commands.AddReference(reference=reference), context, linked=linked)

    async def _completed(self, command: commands.Register, context: Context) -> commands.Register:
        """Return the command with the tiers that its scheme offers, and what the list of employees says."""
        entry = command.entry
        if command.owner_id:
            named = [each for each in (command.owner_id, command.leader_id) if each]
            leader_id = None if command.leader_id else await self._employees.leader_of(command.owner_id)
            entry = replace(entry, owners_leader=leader_id, leavers=frozenset(await self._employees.left(named)))
        if command.tier:
            tiers = await offered(self._tier_schemes, command.tier.scheme, context.now)
            command = commands.RegisterInTier(**dict(command), offered=tiers)
        return command.with_entry(entry)

    async def _recent_state(self, customer_id: UUID) -> Customer:
        return (await self._customers.load_recent(customer_id)).state

    async def _is_known(self, customer_id: UUID) -> bool:
        return (await self._customers.load(await self.current_id(customer_id))).state.known

    async def _names_before(self, customer_id: UUID) -> tuple[str, ...]:
        """Return the keys of the names of those through whom an id leads to the present customer."""
        first = (await self._customers.load(customer_id)).state
        holder = (await self._customers.load(first.reserved_for)).state if first.reserved_for else first
        return tuple(key for each in (first, holder) if each.merged_into for key in each.name_keys)

    async def current_id(self, customer_id: UUID) -> UUID:
        """Return the present customer of an id: the one that its number is reserved for, or that it was merged into."""
        owner_id = (await self._customers.load(customer_id)).state.reserved_for or customer_id
        return (await self._customers.load(owner_id)).state.merged_into or owner_id
