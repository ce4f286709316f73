"""The checklist of a handover: open items and contracts near their end, as of its start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.postgres.database import Pool
from contracts.customer import ChecklistItem, EndingContract, RenewalIntent
from services.customer.projection.followup import open_items

# The same as in the shipped plan, which schedules a call 60 days before a contract ends.
NEAR_DAYS = 60
RUNNING = """
    SELECT contract_id, ends_on, renewal_intent FROM contract
    WHERE customer_id = ANY($1) AND ended_at IS NULL AND ends_on IS NOT NULL ORDER BY ends_on, contract_id
"""


class Term(Protocol):
    """A contract that has not been ended."""

    @property
    def ends_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Checklist:
    items: tuple[ChecklistItem, ...]
    contracts: tuple[EndingContract, ...]


class Checklists:
    def __init__(self, pool: Pool, zone: str) -> None:
        self._pool = pool
        self._zone = ZoneInfo(zone)

    async def of(self, customer_ids: Sequence[UUID], now: datetime) -> Checklist:
        """Return the open items and contracts of a customer, given its own id and those of its duplicates."""
        items = await self._pool.fetch(open_items.OPEN, customer_ids)
        running = [running_contract(*row) for row in await self._pool.fetch(RUNNING, customer_ids)]
        today = now.astimezone(self._zone).date()
        return Checklist(
            tuple(ChecklistItem(**item) for item in items),
            tuple(contract for contract in running if is_near_its_end(contract, today)),
        )


def running_contract(contract_id: UUID, ends_on: date, renewal_intent: str) -> EndingContract:
    return EndingContract(contract_id=contract_id, ends_on=ends_on, renewal_intent=RenewalIntent(renewal_intent))


def is_near_its_end(contract: Term, today: date) -> bool:
    """Whether the last day is at most NEAR_DAYS away, before or after today."""
    return contract.ends_on is not None and abs(contract.ends_on - today) <= timedelta(days=NEAR_DAYS)
