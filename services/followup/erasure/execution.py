"""Carries out erasures in this service, and answers each with an event."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.commands.decider import GoneError
from chassis.files.kept_cells import erase_cells
from chassis.http.export import refs_within
from chassis.postgres.database import Connection, Pool
from chassis.store.append import Answer, Append
from chassis.store.erasure import Erasure, delete_entries, erase, erased_person_ids, lock_store
from chassis.store.event_store import EventStore, recorded
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import CustomerErased, KeyContactErased
from contracts.customer.erasure import ErasureEvent
from contracts.event import Envelope, Metadata
from contracts.followup import ContactLogged, SurveyAnswered, WordsErased
from services.followup.actor import ACTOR

# Streams whose first event names the key contact: a contact, or a survey with its answer.
STREAMS_ABOUT = """
    SELECT position, stream_id, version, subject, type, state, recorded_at FROM event
    WHERE stream_id IN (
        SELECT b.stream_id FROM event b WHERE b.subject = $1 AND b.version = 1 AND position($2 IN b.state) > 0)
"""
STREAMS_ABOUT_ERASED = """
    SELECT b.stream_id FROM event b JOIN erasure p ON p.subject = b.subject AND p.person_id IS NOT NULL
    WHERE b.stream_id = ANY($1) AND b.version = 1
      AND position(convert_to('"key_contact_id":"' || p.person_id || '"', 'UTF8') IN b.state) > 0
"""
NAMES = "SELECT unnest(name_keys) AS name FROM customer_ref WHERE customer_id = $1 OR merged_into = $1"
EVENTS_WITH_PERSON = ContactLogged | SurveyAnswered


class ErasureHandler:
    """`receive` handles events of customers, `receive_own` those of this service."""

    def __init__(self, store: EventStore, mapper: EventMapper, pseudonyms: Pseudonyms) -> None:
        self._store = store
        self._mapper = mapper
        self._pseudonyms = pseudonyms

    async def receive(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Erase and append the answer in the consumer's transaction. It locks the store: send no command after it."""
        for envelope in envelopes:
            match envelope.event:
                case CustomerErased():
                    await self._erase_cells(envelope.subject, held)
                    erasure = Erasure(envelope.subject, envelope.version)
                    await self._answer(envelope, await erase(held, erasure), held)
                case KeyContactErased(key_contact_id=person_id):
                    await self._erase_cells(envelope.subject, held)
                    erasure = Erasure(envelope.subject, envelope.version, person_id)
                    await lock_store(held)
                    refs = await self._refs_about(erasure, held)
                    await self._answer(envelope, await erase(held, erasure, refs), held)
                case _:
                    pass

    async def receive_own(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Erase the data of events about a key contact that were recorded before its erasure arrived here."""
        found = [envelope for envelope in envelopes if isinstance(envelope.event, EVENTS_WITH_PERSON)]
        streams = [envelope.stream_id for envelope in found]
        rows = await held.fetch(STREAMS_ABOUT_ERASED, streams) if streams else []
        late = {row["stream_id"] for row in rows}
        for envelope in found:
            if envelope.stream_id in late:
                await delete_entries(held, envelope.subject, refs_of(envelope))

    async def _erase_cells(self, customer_id: UUID, held: Connection) -> None:
        """Erase the cells of imported rows about the customer. Their free text may be about a key contact, too."""
        names = [row["name"] for row in await held.fetch(NAMES, customer_id)]
        await erase_cells(held, [customer_id, *map(self._pseudonyms.company, names)])

    async def _refs_about(self, erasure: Erasure, held: Connection) -> set[UUID]:
        """Return the vault references in the streams that name the key contact."""
        mention = f'"key_contact_id":"{erasure.person_id}"'.encode()
        rows = await held.fetch(STREAMS_ABOUT, erasure.subject, mention)
        return {ref for row in rows for ref in refs_of(self._mapper.to_envelope(recorded(row)))}

    async def _answer(self, request: Envelope[ErasureEvent], entries: int | None, held: Connection) -> None:
        """Append the answer, in a stream of its own; none if the erasure was already carried out."""
        if entries is None:
            return
        known = request.metadata
        answer = Envelope(
            id=uuid_utils.uuid7(),
            subject=request.subject,
            stream_id=request.id,
            version=1,
            position=0,
            occurred_at=request.recorded_at,
            recorded_at=request.recorded_at,
            metadata=Metadata(
                actor=ACTOR.name,
                correlation_id=known.correlation_id,
                causation_id=request.id,
                traceparent=known.traceparent,
            ),
            event=WordsErased(
                erasure_id=request.id, key_contact_id=getattr(request.event, "key_contact_id", None), entries=entries
            ),
        )
        body = json.dumps({"id": str(request.id), "version": 1}).encode()
        append = Append(f"erasure|{request.id}", Answer(b"", 200, body), [self._mapper.to_new_event(answer)])
        await self._store.append_within(held, [append])


def refs_of(envelope: Envelope[Any]) -> list[UUID]:
    """Return the vault references of an event."""
    return list(refs_within(envelope.event.model_dump()))


async def require_kept(pool: Pool, person_id: UUID | None) -> None:
    """Raise GoneError for a key contact that was erased."""
    if person_id and await erased_person_ids(pool, [person_id]):
        raise GoneError(
            "key-contact-erased",
            "The personal data of this key contact has been erased. Omit `key_contact_id`.",
            "该关键联系人的个人信息已被删除；请勿填写 key_contact_id。",
            "key_contact_id",
        )
