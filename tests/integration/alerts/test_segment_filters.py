"""The filters of segments: alerts finds in a segment exactly the customers that the customer service finds."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID

from chassis.postgres.database import open_pool, transaction
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import CustomerErased, Kind, Merged, Registered, SegmentFilter, Unmerged
from contracts.event import Envelope, Event
from contracts.examples import example
from services.alerts.detection.folding import fold
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.facts import Facts
from services.alerts.engine.segments import contains
from services.customer.projection import handler
from services.customer.search.index import Search
from services.customer.search.query import CustomerFilters
from tests.support import customer_life
from tests.support.rule_books import THREE_RULES
from tests.support.segment_changes import FIELDS, change, filter_of
from tests.support.servers import Servers
from tests.unit.chassis.issuer import SETTINGS

CUSTOMERS = 60


def lives(random: Random) -> Iterator[list[Event]]:
    for _ in range(CUSTOMERS):
        end = [example(CustomerErased)] if random.random() < 0.1 else []
        yield [
            Registered(kind=Kind.COMPANY, name="上海腾云"),
            *(change(random) for _ in range(random.randint(0, 9))),
            *end,
        ]


def histories(random: Random) -> list[Envelope[Any]]:
    """Return the events of some customers; some are merged into the first one, and some of these merges are undone."""
    ids = [UUID(int=number + 1, version=4) for number in range(CUSTOMERS)]
    told = [(each, event) for each, life in zip(ids, lives(random), strict=True) for event in life]
    for merged in random.sample(ids[1:], 8):
        told.append((merged, Merged(into_customer_id=ids[0])))
        told += [(merged, change(random))] * random.randint(0, 1)
        told += [(merged, Unmerged(from_customer_id=ids[0]))] * random.randint(0, 1)
    return [
        replace(customer_life.envelope(event, number, stream=each), subject=each, position=number, version=number)
        for number, (each, event) in enumerate(told, 1)
    ]


def filters(random: Random) -> Iterator[SegmentFilter]:
    """Yield each value of each field alone, and some combinations."""
    yield SegmentFilter()
    yield from (SegmentFilter(**{name: value}) for name, values in FIELDS.items() for value in values)
    yield from (filter_of(random, *pair) for pair in combinations(FIELDS, 2))


def is_found(facts: Facts) -> bool:
    """Return whether alerts evaluates rules about a customer or, of an erased one, would without its erasure."""
    return facts.registered is not None and facts.merged_into is None


async def test_both_services_find_the_same_customers_in_a_segment(running: Servers) -> None:
    random = Random(7)  # noqa: S311 - not for secrets
    told, pseudonyms = histories(random), Pseudonyms(SETTINGS.pseudonym_key)
    memories = fold(told, THREE_RULES, customer_life.day(10_000))
    facts = {each: with_absorbed(known.state.facts) for each, known in memories.items()}
    sizes = []
    async with running.passing("customer") as database:
        pool = await open_pool(database.app, size=2, application_name="tests")
        async with transaction(pool) as held:
            await handler(pseudonyms)(told, held)
        search = Search(pool, pseudonyms)
        for wanted in filters(random):
            rows = await search.page("c.customer_id", CustomerFilters(**dict(wanted)), None, CUSTOMERS + 1)
            expected = {row["customer_id"] for row in rows}
            found = {each for each, known in facts.items() if is_found(known) and contains(wanted, known)}
            assert found == expected, wanted
            sizes.append(len(found))
        await pool.close()
    # The customers are such that most filters find some of them, and not all.
    assert sum(0 < size < CUSTOMERS // 2 for size in sizes) > len(sizes) * 0.6
