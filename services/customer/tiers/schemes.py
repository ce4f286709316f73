"""Looks tier schemes up: the version in force, and the one that a tier rests on."""

from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command_handler import CommandHandler
from chassis.commands.problem import not_found
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import TierSchemePublished
from services.customer.domain.shipped_tiers import SHIPPED
from services.customer.domain.tier_scheme import TIER_SCHEME, Scheme


class TierSchemes:
    """Every version of every scheme. What is shipped is not in force before it has been published."""

    def __init__(self, store: EventStore, mapper: EventMapper, pseudonyms: Pseudonyms, zone: str) -> None:
        self._store = store
        self._mapper = mapper
        self._pseudonyms = pseudonyms
        self.handler: CommandHandler[Scheme] = CommandHandler(store, TIER_SCHEME, mapper)
        self.zone = ZoneInfo(zone)

    def stream_of(self, name: str) -> UUID:
        return self._pseudonyms.derived("tier-scheme", name)

    async def latest(self, name: str) -> tuple[int, TierSchemePublished]:
        """Return the version in force, or the shipped one, with the stream's; raise the 404 problem for neither."""
        loaded = await self.handler.load(self.stream_of(name))
        found = loaded.state or SHIPPED.get(name)
        if found is None:
            raise not_found()
        return loaded.version, found

    async def version(self, name: str, number: int) -> TierSchemePublished:
        """Return what was published under this number; raise the 404 problem if nothing was."""
        rows = await self._store.read_stream(self.stream_of(name))
        published: list[TierSchemePublished] = [self._mapper.to_envelope(row).event for row in rows]
        found = next((each for each in published if each.number == number), None)
        if found is None:
            raise not_found()
        return found

    async def offered(self, name: str) -> tuple[str, ...]:
        """Return the tiers of a scheme; none for one that is not known."""
        found = (await self.handler.load(self.stream_of(name))).state or SHIPPED.get(name)
        return tuple(rule.tier for rule in found.tiers) if found else ()
