"""Previews what a rule would do now, from the memory of all customers, a page at a time and without locks."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool
from services.alerts.detection.feature_rings import completed_states
from services.alerts.detection.memory import memories_of
from services.alerts.detection.past import PastPreview, past
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.failures import failures
from services.alerts.engine.findings import Finding, find
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.words import Words

PAGE: Final = 500
MAX_CUSTOMERS: Final = 200_000
MAX_SECONDS: Final = 10.0
MAX_OWNERS: Final = 100
# Of the customers on which an expression fails.
MAX_FAILURES: Final = 10
WEEK: Final = timedelta(days=7)
CUSTOMERS = """
    SELECT customer_id, rest, next_due_at, rest_due_at, judged_until FROM silence
    WHERE customer_id > $1 ORDER BY customer_id LIMIT $2
"""
ITEMS = "SELECT customer_id, owner_id, concerns_id, state FROM silence_item WHERE customer_id = ANY($1)"


class OwnerPreview(BaseModel):
    """How many alerts an employee would have to act on; `owner_id` is null if nobody would."""

    owner_id: str | None
    count: int


class PreviewFailure(BaseModel):
    """A customer on which `applies` or `counts` fails, and why."""

    customer_id: UUID
    reason: str
    reason_zh: str


class RulePreview(BaseModel):
    """What a definition would do now. `preview` proves it when the rule is published, for 24 hours.

    `open` alerts would be open, of which the present version of the rule has `already_open` open. `would_end` of its
    alerts would end. `due_in_a_week` more are due within a week if nothing happens. `owners` are the employees with the
    most. Not all customers were evaluated unless `is_complete`. On `failing` customers an expression of the rule fails:
    those on which `applies` fails would stay as they are; on the others some events are not counted. `failures` are the
    first of them. `past` counts what would have begun, by weeks.
    """

    preview: str
    customers: int
    is_complete: bool
    open: int
    already_open: int
    would_end: int
    due_in_a_week: int
    severities: dict[str, int]
    owners: list[OwnerPreview]
    failing: int
    failures: list[PreviewFailure]
    past: PastPreview


class Counts:
    """Counts what the only rule of a book would do with one customer after another."""

    def __init__(self, book: RuleBook, now: datetime) -> None:
        (self._rule,) = book.rules
        self._book = book
        self._now = now
        self.totals: Counter[str] = Counter()
        self.severities: Counter[str] = Counter()
        self.owners: Counter[str | None] = Counter()
        self.failures: list[PreviewFailure] = []

    def add(self, customer_id: UUID, state: CustomerState) -> None:
        facts = with_absorbed(state.facts)
        self.totals["customers"] += 1
        if failed := failures(facts, self._book, self._now).get(self._rule.id):
            self.fail(customer_id, failed.reason)
            if failed.over_at is None:
                return
        found = [each for each in find(facts, self._book) if each.settled is None and self._now < each.closes_at]
        found = [each for each in found if not each.stretch.is_continuation]
        due = {each.key: each for each in found if each.due_at <= self._now}
        present = {each.key for each in state.open.values() if each.rule_id == self._rule.id}
        self.totals["open"] += len(due)
        self.totals["already_open"] += len(present & due.keys())
        self.totals["would_end"] += len(present - due.keys())
        self.totals["due_in_a_week"] += sum(self._now < each.due_at <= self._now + WEEK for each in found)
        self.severities[self._rule.severity(facts.tier)] += len(due)
        self.owners.update(owner_of(each) for each in due.values())

    def fail(self, customer_id: UUID, reason: Words) -> None:
        """Count a customer on which an expression fails."""
        self.totals["failing"] += 1
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(PreviewFailure(customer_id=customer_id, reason=reason.en, reason_zh=reason.zh))


def owner_of(finding: Finding) -> str | None:
    return finding.stretch.employee_id


async def preview(pool: Pool, book: RuleBook, now: datetime, token: str) -> RulePreview:
    """Evaluate the only rule of a book with up to MAX_CUSTOMERS customers within MAX_SECONDS."""
    counts, is_complete = Counts(book, now), False
    loop = asyncio.get_running_loop()
    until = loop.time() + MAX_SECONDS
    async for page in pages(pool):
        states = await completed_states(pool, page.states, book)
        for customer_id, state in states.items():
            counts.add(customer_id, state)
        is_complete = page.is_last
        if loop.time() > until or counts.totals["customers"] >= MAX_CUSTOMERS:
            break
    return RulePreview(
        preview=token,
        is_complete=is_complete,
        **{name: counts.totals[name] for name in TOTALS},
        severities={str(name): count for name, count in counts.severities.items() if count},
        owners=[OwnerPreview(owner_id=each, count=count) for each, count in counts.owners.most_common(MAX_OWNERS)],
        failures=counts.failures,
        past=await past(pool, book, now),
    )


TOTALS: Final = ("customers", "open", "already_open", "would_end", "due_in_a_week", "failing")


class MemoryPage(NamedTuple):
    states: Mapping[UUID, CustomerState]
    is_last: bool


async def pages(pool: Pool) -> AsyncIterator[MemoryPage]:
    """Yield the states of all customers in the order of their ids."""
    last = UUID(int=0)
    while True:
        rows = await pool.fetch(CUSTOMERS, last, PAGE)
        ids = [row["customer_id"] for row in rows]
        items = await pool.fetch(ITEMS, ids) if rows else []
        states = {customer_id: each.state for customer_id, each in memories_of(rows, items).items()}
        yield MemoryPage(states, len(rows) < PAGE)
        if len(rows) < PAGE:
            return
        last = ids[-1]
