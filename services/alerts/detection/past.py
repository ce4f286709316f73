"""Counts by weeks what a rule would have begun, from the facts of a sample of customers."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from pydantic import BaseModel

from chassis.postgres.database import Pool
from chassis.runtime.turns import in_turns
from contracts.customer import OwnerAssigned, Registered
from contracts.event import Envelope
from services.alerts.detection.derivation import READ, envelope_of, evaluated
from services.alerts.detection.replay import episodes_of
from services.alerts.detection.undoing import within
from services.alerts.engine.episode import Episode
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.zone import BUSINESS_ZONE

WEEKS: Final = 12
MAX_SAMPLE: Final = 1_000
MAX_SECONDS: Final = 4.0
MAX_OWNERS: Final = 20
WEEK: Final = timedelta(days=7)
# A digest of the id spreads the sample over customers old and new; the same customers are taken each time.
SAMPLE: Final = """
    WITH sample AS (SELECT customer_id FROM silence ORDER BY md5(customer_id::text) LIMIT $1)
    SELECT customer_id FROM sample s WHERE NOT EXISTS (
        SELECT FROM fact f WHERE f.type = 'care.customer.merged.v1'
            AND (f.customer_id = s.customer_id OR (f.data ->> 'into_customer_id')::uuid = s.customer_id)
    ) ORDER BY md5(customer_id::text)
"""
ALL: Final = "SELECT count(*) FROM silence"


class WeekPreview(BaseModel):
    """How many episodes would have begun in an ISO week of the business zone; it begins on the Monday `begins_on`."""

    week: str
    begins_on: date
    count: int


class OwnerWeeks(BaseModel):
    """How many episodes an employee would have had to act on, in the order of the weeks."""

    owner_id: str | None
    counts: list[int]


class PastPreview(BaseModel):
    """What a definition would have begun in each of the last weeks, the oldest first; the last is the present week.

    It counts the episodes of `customers` of the `of_customers` customers, from all their facts. It is not projected to
    the others. `owners` are the employees with the most; `other_owners` is the sum of the rest.
    """

    customers: int
    of_customers: int
    weeks: list[WeekPreview]
    owners: list[OwnerWeeks]
    other_owners: list[int]


def monday(at: datetime) -> date:
    """Return the first day of the week of an instant, in the business zone."""
    day = at.astimezone(ZoneInfo(BUSINESS_ZONE)).date()
    return day - timedelta(days=day.weekday())


class Weeks:
    """Counts episodes by the week in which they began, and by the employee who had to act then."""

    def __init__(self, now: datetime) -> None:
        last = monday(now)
        self.mondays = [last - number * WEEK for number in reversed(range(WEEKS))]
        self._counts: Counter[tuple[str | None, date]] = Counter()

    def add(self, found: Iterable[Episode]) -> None:
        # An alert that ended and was raised again is one episode.
        episodes = {each.alert_id: each for each in found}.values()
        begun = ((each.owner_id, monday(each.starts_at)) for each in episodes)
        self._counts.update(each for each in begun if each[1] in self.mondays)

    def preview(self, customers: int, of_customers: int) -> PastPreview:
        by_owner = Counter[str | None]()
        for (owner_id, _), count in self._counts.items():
            by_owner[owner_id] += count
        most = [owner_id for owner_id, _ in by_owner.most_common(MAX_OWNERS)]
        counts = self._of(by_owner)
        return PastPreview(
            customers=customers,
            of_customers=of_customers,
            weeks=[
                WeekPreview(week=f"{day:%G-W%V}", begins_on=day, count=count)
                for day, count in zip(self.mondays, counts, strict=True)
            ],
            owners=[OwnerWeeks(owner_id=each, counts=self._of([each])) for each in most],
            other_owners=self._of(by_owner.keys() - set(most)),
        )

    def _of(self, owners: Iterable[str | None]) -> list[int]:
        known = list(owners)
        return [sum(self._counts[owner_id, day] for owner_id in known) for day in self.mondays]


async def past(pool: Pool, book: RuleBook, now: datetime) -> PastPreview:
    """Replay up to MAX_SAMPLE customers within MAX_SECONDS. Customers that were ever merged are left out.

    So are customers whose registration is not in the log: an earlier build kept no facts.
    """
    weeks, customers, until = Weeks(now), 0, asyncio.get_running_loop().time() + MAX_SECONDS
    for (customer_id,) in await pool.fetch(SAMPLE, MAX_SAMPLE):
        found = await replayed(pool, customer_id, book, now, until)
        if asyncio.get_running_loop().time() > until:
            break
        if found is not None:
            weeks.add(found)
            customers += 1
    return weeks.preview(customers, await pool.fetchval(ALL))


async def replayed(
    pool: Pool, customer_id: UUID, book: RuleBook, now: datetime, until: float
) -> Sequence[Episode] | None:
    """Return the episodes of a customer; None if the log does not have its registration. It stops at `until`."""
    facts = [fact for fact in await pool.fetch(READ, [customer_id]) if evaluated(fact)]
    envelopes = within([envelope_of(fact) for fact in facts])
    if not any(isinstance(each.event, Registered) for each in envelopes):
        return None
    found: list[Episode] = []
    async for begun in in_turns(episodes_of(envelopes, book, now)):
        found += begun
        if asyncio.get_running_loop().time() > until:
            break
    assigned = sorted((each for each in envelopes if isinstance(each.event, OwnerAssigned)), key=occurred)
    owners = [(each.occurred_at, each.event.owner_id) for each in assigned]
    return [addressed(each, owners) for each in found]


def occurred(envelope: Envelope[Any]) -> datetime:
    return envelope.occurred_at


def addressed(episode: Episode, owners: Sequence[tuple[datetime, str]]) -> Episode:
    """Return an episode with its employee. `owners` are those of the customer, each with the time of the assignment.

    An episode that begins with a fact entered late may be raised before its owner is entered. It counts for the owner
    of that time or, if there was none, for the first one after it.
    """
    if episode.owner_id is not None:
        return episode
    before = [owner_id for at, owner_id in owners if at <= episode.starts_at]
    after = [owner_id for at, owner_id in owners if at > episode.starts_at]
    return replace(episode, owner_id=next(iter([*before[-1:], *after]), None))
