"""Executes erasures in this service, and stores the answers of the other services."""

from collections.abc import Sequence
from typing import Any

from chassis.commands.command import Context
from chassis.commands.decider import RejectedError
from chassis.consume.parked_events import ParkedEvents
from chassis.files.kept_cells import erase_cells
from chassis.postgres.database import Connection, Pool, transaction
from chassis.store.erasure import Erasure, erase
from chassis.store.event_store import recorded
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts import customer as events
from contracts.erasure_answers import ErasureConfirmed
from contracts.event import Envelope
from contracts.followup import WordsErased

TABLES = ("erasure_answer",)
BATCH = 100
CONFIRMED = "customer-erasure-answers"
FOLLOWUP = "followup"
NOT_EXECUTED = """
    SELECT position, stream_id, version, subject, type, state, recorded_at FROM event e
    WHERE type IN ('care.customer.erased.v1', 'care.customer.key-contact-erased.v1')
      AND NOT EXISTS (SELECT FROM erasure p WHERE p.subject = e.subject AND p.version = e.version)
    ORDER BY position LIMIT $1
"""
# Messages about a number that was added later are parked under the id derived from it.
RESERVED_NUMBERS = """
    SELECT DISTINCT stream_id FROM event WHERE subject = $1 AND type = 'care.customer.reference-reserved.v1'
"""
# Of a company, all that it had; of a person, all that the vault holds.
NAMES = """
    SELECT unnest(name_keys) AS name FROM customer WHERE customer_id = $1 OR merged_into = $1
    UNION SELECT value FROM vault WHERE subject = $1 AND field = 'person_name'
"""
SAVE_ANSWER = """
    INSERT INTO erasure_answer (erasure_id, service, entries, erased_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
SAVE_CONFIRMATION = """
    INSERT INTO erasure_confirmation (erasure_id, service, entries, received_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""


class ErasureHandler:
    """A timer calls `run_due`; a route calls it too, so that its response is sent after the erasure in this service."""

    def __init__(self, pool: Pool, mapper: EventMapper, inbound_parking: ParkedEvents, pseudonyms: Pseudonyms) -> None:
        """`inbound_parking` holds the parked messages of other systems."""
        self._pool = pool
        self._mapper = mapper
        self._inbound_parking = inbound_parking
        self._pseudonyms = pseudonyms

    async def run_due(self) -> int:
        """Execute the erasures that are not done yet; return how many there were."""
        envelopes = [self._mapper.to_envelope(recorded(row)) for row in await self._pool.fetch(NOT_EXECUTED, BATCH)]
        for envelope in envelopes:
            async with transaction(self._pool) as held:
                await self._execute(envelope, held)
        return len(envelopes)

    async def receive(self, answer: ErasureConfirmed, context: Context) -> None:
        """Store the answer of a service that holds no personal data. The first answer of each service counts."""
        if context.actor != answer.source:
            raise RejectedError(
                "answer-of-another", "A service can answer only for itself.", "每个服务只能为自己作出答复。"
            )
        await self._pool.execute(
            SAVE_CONFIRMATION, answer.erasure_id, answer.service, answer.entries, answer.received_at
        )

    async def _execute(self, envelope: Envelope[events.ErasureEvent], held: Connection) -> None:
        reserved = await held.fetch(RESERVED_NUMBERS, envelope.subject)
        ids = [envelope.subject, *(row["stream_id"] for row in reserved)]
        names = [row["name"] for row in await held.fetch(NAMES, envelope.subject)]
        # Free text of a row may be about a key contact, too.
        await erase_cells(held, [*ids, *map(self._pseudonyms.company, names)])
        match envelope.event:
            case events.CustomerErased():
                # Other systems may have sent personal data in fields where our rules allow none.
                for parked_as in ids:
                    await self._inbound_parking.discard(held, parked_as)
                await erase(held, Erasure(envelope.subject, envelope.version))
            case events.KeyContactErased(key_contact_id=person_id, word_refs=refs):
                await erase(held, Erasure(envelope.subject, envelope.version, person_id), refs)


async def receive_answers(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Store the erasures that followup has executed. The consumer calls this inside its own transaction."""
    for envelope in envelopes:
        if isinstance(envelope.event, WordsErased):
            erasure_id, entries = envelope.event.erasure_id, envelope.event.entries
            await held.execute(SAVE_ANSWER, erasure_id, FOLLOWUP, entries, envelope.recorded_at)
