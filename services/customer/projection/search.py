"""The search index of the list of customers."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.store.pseudonym import Pseudonyms
from chassis.store.vault import PersonalData
from chassis.store.vault_reader import read_personal_data
from contracts import customer as events
from contracts.event import Envelope
from services.customer.domain.customer_row import CustomerRow
from services.customer.projection.customers import CUSTOMERS
from services.customer.search.tokens import entry_of

TABLES = ("customer_search",)
# Most events do not change the search entry: then nothing is written.
SAVE = """
    INSERT INTO customer_search AS known (customer_id, is_owned, words, tokens)
    SELECT customer_id, is_owned, words, tokens::bigint[]
    FROM unnest($1::uuid[], $2::boolean[], $3::text[], $4::text[]) AS n (customer_id, is_owned, words, tokens)
    ON CONFLICT (customer_id) DO UPDATE
        SET is_owned = excluded.is_owned, words = excluded.words, tokens = excluded.tokens
        WHERE (known.words, known.tokens) IS DISTINCT FROM (excluded.words, excluded.tokens)
"""


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection, pseudonyms: Pseudonyms) -> None:
    """Update the entries of the customers of these events. Data erased from the vault disappears here."""
    subjects = {envelope.subject for envelope in envelopes if isinstance(envelope.event, events.CustomerEvent)}
    rows = (await CUSTOMERS.load(held, subjects)).values()
    if not rows:
        return
    words = await read_personal_data(held, [ref for row in rows for ref in refs_of(row)])
    entries = [entry_of(row, words.get(row.name_ref), phones_of(row, words), pseudonyms) for row in rows]
    await held.execute(
        SAVE,
        [row.customer_id for row in rows],
        [row.owner_id is not None for row in rows],
        [entry.words for entry in entries],
        # As texts, because nested arrays must all have the same length.
        [f"{{{','.join(map(str, entry.tokens))}}}" for entry in entries],
    )


def refs_of(row: CustomerRow) -> list[UUID]:
    """Return the vault references of the name and phones."""
    return [*([row.name_ref] if row.name_ref else []), *phone_refs(row)]


def phone_refs(row: CustomerRow) -> list[UUID]:
    return [UUID(ref) for contact in row.key_contacts.values() if (ref := contact.get("phone_ref"))]


def phones_of(row: CustomerRow, words: PersonalData) -> Iterable[str]:
    return (words[ref] for ref in phone_refs(row) if ref in words)
