"""The digests with which likely duplicates are found."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from chassis.store.pseudonym import Pseudonyms
from chassis.store.vault_reader import read_personal_data
from contracts import customer as events
from contracts.event import Envelope
from services.customer.merging.likeness import tokens
from services.customer.projection.customers import CUSTOMERS
from services.customer.projection.search import phone_refs, phones_of

TABLES = ("customer_likeness",)
CHANGES_DIGEST = (
    events.Registered
    | events.Renamed
    | events.KeyContactAdded
    | events.KeyContactChanged
    | events.KeyContactRemoved
    | events.ReferenceAdded
    | events.ErasureEvent
)
SAVE = """
    INSERT INTO customer_likeness AS known (customer_id, tokens)
    SELECT customer_id, tokens::bigint[] FROM unnest($1::uuid[], $2::text[]) AS n (customer_id, tokens)
    ON CONFLICT (customer_id) DO UPDATE SET tokens = excluded.tokens, is_looked = false
        WHERE known.tokens IS DISTINCT FROM excluded.tokens
"""
# Not part of the read model: it stays when the read model is rebuilt.
MARK_DISTINCT = """
    INSERT INTO duplicate_pair (low_id, high_id, reasons, score, is_apart)
    SELECT least(one, other), greatest(one, other), '{}', 0, true FROM unnest($1::uuid[], $2::uuid[]) AS t (one, other)
    ON CONFLICT (low_id, high_id) DO UPDATE SET is_apart = true
"""


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection, pseudonyms: Pseudonyms) -> None:
    """Update the digests of the customers of these events."""
    subjects = {envelope.subject for envelope in envelopes if isinstance(envelope.event, CHANGES_DIGEST)}
    if subjects:
        rows = (await CUSTOMERS.load(held, subjects)).values()
        words = await read_personal_data(held, [ref for row in rows for ref in phone_refs(row)])
        found = [
            tokens(row.name, phones_of(row, words), (number["id"] for number in row.numbers), pseudonyms)
            for row in rows
        ]
        # As texts, because nested arrays must all have the same length.
        await held.execute(
            SAVE, [row.customer_id for row in rows], [f"{{{','.join(map(str, each))}}}" for each in found]
        )
    distinct = [
        (envelope.subject, envelope.event.other_id)
        for envelope in envelopes
        if isinstance(envelope.event, events.MarkedDistinct)
    ]
    if distinct:
        await held.execute(MARK_DISTINCT, [one for one, _ in distinct], [other for _, other in distinct])
