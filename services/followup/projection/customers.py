"""What this service knows of customers: taken from their topic, looked up for relations and for files."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from chassis.commands.decider import GoneError, MovedError
from chassis.commands.problem import ProblemError
from chassis.consume.positions import NEVER
from chassis.http.access import Holders
from chassis.postgres.database import Connection, Pool
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from contracts.topics import CUSTOMER_EVENTS

CONSUMER = "followup"
CUSTOMER_WAIT_SECONDS = 2.0
POLL_SECONDS = 0.05
ENOUGH_TO_BE_AMBIGUOUS = 2

# What concerns a customer, and nobody here.
NOT_KEPT = (
    events.MarketEvent
    | events.PeopleEvent
    | events.NeedEvent
    | events.ReferenceEvent
    | events.TagEvent
    | events.TierEvent
)
COLUMNS = "customer_id, kind, name, owner_id, leader_id, stage, tiers, helper_ids, is_erased, merged_into"
ONE = f"SELECT {COLUMNS} FROM customer_ref WHERE customer_id = $1"  # noqa: S608
NAMED = "SELECT customer_id FROM customer_ref WHERE name = $1 AND merged_into IS NULL LIMIT $2"
DUPLICATES = "SELECT customer_id FROM customer_ref WHERE merged_into = $1 ORDER BY customer_id"
LEFT = """
    INSERT INTO leaver (employee_id, left_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
    ON CONFLICT (employee_id) DO NOTHING
"""
WATERMARK = """
    SELECT min(watermark) FROM consumer_position WHERE consumer = $1 AND topic = $2 HAVING count(*) = $3
"""


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer as other services may know it; a person's name stays with the customer service."""

    customer_id: UUID
    kind: str
    name: str | None
    owner_id: str | None = None
    leader_id: str | None = None
    stage: str = events.Stage.NEW
    tiers: dict[str, str] = field(default_factory=dict)
    helper_ids: list[str] = field(default_factory=list)
    is_erased: bool = False
    merged_into: UUID | None = None

    @property
    def holders(self) -> Holders:
        return Holders(self.owner_id, self.leader_id, frozenset(self.helper_ids))


CUSTOMERS = Rows("customer_ref", CustomerRef, "customer_id")
TABLES = ("customer_ref", "leaver")
OWN = get_args(events.CustomerEvent)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of customer events. The consumer calls this inside its own transaction."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, OWN)]
    rows = await CUSTOMERS.load(held, [envelope.subject for envelope in own])
    for envelope in own:
        rows[envelope.subject] = project(rows.get(envelope.subject), envelope)
    await CUSTOMERS.save(held, list(rows.values()))
    await keep_leavers(envelopes, held)


async def keep_leavers(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Remember who has left, as a handover of all that somebody had says it."""
    left = {each.event.from_owner_id: each.occurred_at for each in envelopes if is_leaving(each.event)}
    if left:
        await held.execute(LEFT, list(left), list(left.values()))


def is_leaving(event: object) -> bool:
    return isinstance(event, events.HandoverBatchStarted) and event.leaves and event.from_owner_id is not None


def project(row: CustomerRef | None, envelope: Envelope[events.CustomerEvent]) -> CustomerRef:
    """Return what is known of a customer after one event."""
    event = envelope.event
    if isinstance(event, events.Registered):
        return CustomerRef(envelope.subject, event.kind, event.name)
    if row is None:
        raise LookupError("a customer's first event must be its registration")
    if isinstance(event, NOT_KEPT):
        return row
    match event:
        case events.Renamed(name=name):
            return replace(row, name=name)
        case events.ProfileChanged() | events.ProfileReviewed() | events.KeyContactErased():
            return row
        case events.CustomerErased():
            return replace(row, is_erased=True)
        case events.StageChanged(stage=stage):
            return replace(row, stage=stage)
        case events.TierChanged(scheme=scheme, tier=tier):
            return replace(row, tiers={**row.tiers, scheme: tier})
        case events.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            helper_ids = without_helper(row, owner_id)
            return replace(row, owner_id=owner_id, leader_id=leader_id, helper_ids=helper_ids)
        case events.Merged(into_customer_id=into_id):
            return replace(row, merged_into=into_id)
        case events.Unmerged():
            return replace(row, merged_into=None)
        case events.DuplicateAbsorbed() | events.DuplicateReleased() | events.MarkedDistinct():
            return row
        case events.HelperAdded(employee_id=employee_id):
            return replace(row, helper_ids=[*without_helper(row, employee_id), employee_id])
        case events.HelperRemoved(employee_id=employee_id):
            return replace(row, helper_ids=without_helper(row, employee_id))


def without_helper(row: CustomerRef, employee_id: str) -> list[str]:
    return [each for each in row.helper_ids if each != employee_id]


def erased() -> GoneError:
    return GoneError(
        "customer-erased",
        "What was known of this customer has been erased; nothing new can be recorded about them.",
        "该客户的个人信息已被删除，不能再添加新的记录。",
    )


class Customers:
    """Looks customers up. A customer that is new is here some milliseconds after it has been registered."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, customer_id: UUID) -> CustomerRef | None:
        row = await self._pool.fetchrow(ONE, customer_id)
        return CustomerRef(**row) if row else None

    async def standing(self, customer_id: UUID) -> CustomerRef | None:
        """Return the customer, or the one that it was merged into."""
        found = await self.find(customer_id)
        return await self.find(found.merged_into) if found and found.merged_into else found

    async def ids_of(self, customer_id: UUID) -> list[UUID]:
        """Return every id under which something was recorded of the customer: its own, and those of its duplicates."""
        rows = await self._pool.fetch(DUPLICATES, customer_id)
        return [customer_id, *(row["customer_id"] for row in rows)]

    async def require(self, customer_id: UUID) -> CustomerRef:
        """Return the customer, waiting a little for one that is new; raise the 404 problem if none comes.

        One that was merged goes on elsewhere, and is refused with the id of where.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + CUSTOMER_WAIT_SECONDS
        while (found := await self.find(customer_id)) is None:
            if loop.time() > give_up_at:
                raise ProblemError(
                    "not-found", f"There is no customer {customer_id}.", f"没有编号为 {customer_id} 的客户。"
                )
            await asyncio.sleep(POLL_SECONDS)
        if found.merged_into:
            raise MovedError(found.merged_into)
        return found

    async def require_kept(self, customer_id: UUID) -> CustomerRef:
        """Return the customer like `require`; raise GoneError for one who has been erased."""
        found = await self.require(customer_id)
        if found.is_erased:
            raise erased()
        return found

    async def holders(self, customer_id: UUID) -> Holders:
        """Return who answers for the customer: nobody, as long as its topic has not said so."""
        found = await self.standing(customer_id)
        return found.holders if found else Holders()

    async def named(self, name: str) -> list[UUID]:
        """Return the customers of exactly this name; two are enough to see that it is not unique."""
        rows = await self._pool.fetch(NAMED, name, ENOUGH_TO_BE_AMBIGUOUS)
        return [row["customer_id"] for row in rows]

    async def complete_until(self) -> datetime:
        """Return the instant before which no customer event is missing here."""
        watermark = await self._pool.fetchval(WATERMARK, CONSUMER, CUSTOMER_EVENTS.name, CUSTOMER_EVENTS.partitions)
        # The driver returns '-infinity' as a datetime without a zone.
        return watermark.replace(tzinfo=UTC) if watermark else NEVER
