"""Carries out in this service what erasures ask for, and answers each with a fact."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.database import Connection, Pool
from chassis.decider import GoneError
from chassis.event_store import Answer, Append, EventStore, recorded
from chassis.mapper import EventMapper
from chassis.purge import Erasure, erased_people, lock, purge, remove
from chassis.streams import type_of
from contracts.customer import CustomerErased, KeyContactErased
from contracts.customer.erasure import ErasureEvent
from contracts.event import Envelope, Metadata
from contracts.followup import ContactLogged, WordsPurged

ACTOR = "system:followup"
CONTACTS = """
    SELECT position, stream_id, version, subject, type, state, recorded_at FROM event WHERE subject = $1 AND type = $2
"""


class Erasing:
    """`heard` is the handler of what customers' topic tells, `heard_own` that of our own facts."""

    def __init__(self, store: EventStore, mapper: EventMapper) -> None:
        self._store = store
        self._mapper = mapper

    async def heard(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Purge, and answer, in the consumer's transaction. No command may follow in it: the store stays locked."""
        for envelope in envelopes:
            match envelope.event:
                case CustomerErased():
                    erasure = Erasure(envelope.subject, envelope.version)
                    await self._answer(envelope, await purge(held, erasure), held)
                case KeyContactErased(key_contact_id=person_id):
                    erasure = Erasure(envelope.subject, envelope.version, person_id)
                    await lock(held)
                    refs = await self._said_about(erasure, held)
                    await self._answer(envelope, await purge(held, erasure, refs), held)
                case _:
                    pass

    async def heard_own(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Take out what was said with a key contact whose erasure was on its way here at that moment."""
        told = [envelope for envelope in envelopes if isinstance(envelope.event, ContactLogged)]
        about = {envelope.event.key_contact_id for envelope in told} - {None}
        erased = await erased_people(held, about) if about else set()
        for envelope in told:
            if envelope.event.key_contact_id in erased:
                await remove(held, envelope.subject, refs_of(envelope.event))

    async def _said_about(self, erasure: Erasure, held: Connection) -> set[UUID]:
        """Return where the words of contacts with a key contact stand."""
        rows = await held.fetch(CONTACTS, erasure.subject, type_of(ContactLogged))
        contacts = [self._mapper.to_envelope(recorded(row)).event for row in rows]
        return {ref for each in contacts if each.key_contact_id == erasure.person_id for ref in refs_of(each)}

    async def _answer(self, asked: Envelope[ErasureEvent], entries: int | None, held: Connection) -> None:
        """Append the answer, in a stream of its own. An erasure that was carried out before has been answered."""
        if entries is None:
            return
        known = asked.metadata
        answer = Envelope(
            id=uuid_utils.uuid7(),
            subject=asked.subject,
            stream_id=asked.id,
            version=1,
            position=0,
            occurred_at=asked.recorded_at,
            recorded_at=asked.recorded_at,
            metadata=Metadata(
                actor=ACTOR,
                correlation_id=known.correlation_id,
                causation_id=asked.id,
                traceparent=known.traceparent,
            ),
            event=WordsPurged(
                erasure_id=asked.id, key_contact_id=getattr(asked.event, "key_contact_id", None), entries=entries
            ),
        )
        body = json.dumps({"id": str(asked.id), "version": 1}).encode()
        append = Append(f"erasure|{asked.id}", Answer(b"", 200, body), [self._mapper.to_new_event(answer)])
        await self._store.append_within(held, [append])


def refs_of(contact: ContactLogged) -> list[UUID]:
    """Return where the words of a contact stand."""
    attached = [each.uri_ref for each in contact.attachments]
    said = [each.value_ref for each in contact.fields]
    return [ref for ref in (contact.content_ref, contact.goal_ref, *attached, *said) if ref]


async def require_kept(pool: Pool, person_id: UUID | None) -> None:
    """Raise GoneError for a key contact who has been erased."""
    if person_id and await erased_people(pool, [person_id]):
        raise GoneError(
            "key-contact-erased",
            "What was known of this key contact has been erased; leave `key_contact_id` out.",
            "该关键联系人的个人信息已被删除；请勿填写 key_contact_id。",
        )
