"""Looks the complaint policy up: the version in force, and the one that was promised under."""

from uuid import UUID

from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.followup import ComplaintPolicyPublished
from services.followup.complaints.targets import SHIPPED


class ComplaintPolicies:
    """Every version there is. What is shipped is the first."""

    def __init__(self, store: EventStore, mapper: EventMapper, pseudonyms: Pseudonyms) -> None:
        self._store = store
        self._mapper = mapper
        self.stream_id: UUID = pseudonyms.derived("complaint-policy", "default")

    async def version(self, number: int) -> ComplaintPolicyPublished | None:
        """Return a version; None where there is none of this number."""
        return next((each for each in await self._known() if each.number == number), None)

    async def latest(self) -> ComplaintPolicyPublished:
        return (await self._known())[-1]

    async def promised(self, number: int | None) -> ComplaintPolicyPublished:
        """Return the version that was promised under; the one that ships where a promise names none."""
        return (await self.version(number) if number else None) or SHIPPED

    async def _known(self) -> list[ComplaintPolicyPublished]:
        rows = await self._store.read_stream(self.stream_id)
        return [SHIPPED, *(self._mapper.to_envelope(row).event for row in rows)]
