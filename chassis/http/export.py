"""Data export: all events that a service holds on a customer or key contact, with their personal data, as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Query
from pydantic import BaseModel

from chassis.http.access import Caller
from chassis.http.history import HistoryEntry, entry_of
from chassis.http.listing import MAX_POSITION
from chassis.postgres.database import Pool
from chassis.runtime.turns import in_turns
from chassis.store.event_store import recorded
from chassis.store.mapper import EventMapper
from chassis.store.vault import PersonalData
from chassis.store.vault_reader import read_personal_data_of
from contracts.event import Envelope

PAGE = 1_000
# A stream whose first event names a key contact is about that person: a contact, or a survey with its answer.
STREAMS_ABOUT = "SELECT stream_id FROM event WHERE subject = ANY($1) AND version = 1 AND position($2 IN state) > 0"
FACTS = """
    SELECT position, stream_id, version, subject, type, state, recorded_at FROM event
    WHERE subject = ANY($1) AND position > $2 ORDER BY position LIMIT $3
"""
REFERENCES = ("_ref", "_refs")

After = Annotated[
    int,
    Query(ge=0, le=MAX_POSITION, description="Position after which to continue: `next_after` of the previous part."),
]


class ExportedFact(HistoryEntry):
    """An event as published. `words` holds the texts behind its references, except those that have been erased."""

    words: dict[UUID, str]


class Export(BaseModel):
    """One part of an export. If `next_after` is set, there are more parts."""

    service: str
    customer_id: UUID
    key_contact_id: UUID | None
    exported_at: datetime
    facts: list[ExportedFact]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Exports:
    """Exports what one service holds on a customer or on a key contact."""

    service: str
    mapper: EventMapper
    pool: Pool

    async def part(self, customer_ids: Sequence[UUID], person_id: UUID | None, after: int, caller: Caller) -> Export:
        """Return up to PAGE events, and write a log event that names the caller.

        `customer_ids` are all ids of the customer, those of merged duplicates included; the requested id comes first.
        `person_id` limits the export to one key contact.
        """
        rows = await self.pool.fetch(FACTS, list(customer_ids), after, PAGE + 1)
        read = [self.mapper.to_envelope(recorded(row)) async for row in in_turns(rows[:PAGE])]
        facts = read if person_id is None else await self._about(customer_ids, person_id, read)
        refs = {ref async for fact in in_turns(facts) for ref in refs_within(fact.event.model_dump())}
        words = await read_personal_data_of(self.pool, customer_ids, refs)
        subject = {"customer_id": str(customer_ids[0]), "key_contact_id": str(person_id) if person_id else None}
        structlog.get_logger().info("export.given", **subject, to=caller.principal.subject, facts=len(facts))
        return Export(
            service=self.service,
            customer_id=customer_ids[0],
            key_contact_id=person_id,
            exported_at=caller.context.now,
            facts=[exported(fact, words) async for fact in in_turns(facts)],
            next_after=read[-1].position if len(rows) > PAGE else None,
        )

    async def _about(
        self, customer_ids: Sequence[UUID], person_id: UUID, facts: Sequence[Envelope[Any]]
    ) -> Sequence[Envelope[Any]]:
        rows = await self.pool.fetch(STREAMS_ABOUT, list(customer_ids), f'"key_contact_id":"{person_id}"'.encode())
        stream_ids = {row["stream_id"] for row in rows}
        return [fact for fact in facts if names(fact, person_id) or fact.stream_id in stream_ids]


def names(fact: Envelope[Any], person_id: UUID) -> bool:
    return getattr(fact.event, "key_contact_id", None) == person_id


def exported(fact: Envelope[Any], words: PersonalData) -> ExportedFact:
    texts = {ref: words[ref] for ref in refs_within(fact.event.model_dump()) if ref in words}
    return ExportedFact(**dict(entry_of(fact)), words=texts)


def refs_within(data: Any) -> Iterator[UUID]:
    """Yield every vault reference in the data of an event, at any depth."""
    match data:
        case dict():
            for name, value in data.items():
                yield from references(value) if name.endswith(REFERENCES) else refs_within(value)
        case list() | tuple():
            for each in data:
                yield from refs_within(each)
        case _:
            return


def references(value: Any) -> Iterator[UUID]:
    for each in value if isinstance(value, list | tuple) else (value,):
        if isinstance(each, UUID):
            yield each
