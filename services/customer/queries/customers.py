"""Reads customers: one, or a list."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.http.paging import MAX_LIMIT
from chassis.postgres.database import Pool
from chassis.store.vault import PersonalData
from chassis.store.vault_reader import read_personal_data
from contracts.customer import KeyContactDetails, Mode, Stage, mode_of
from services.customer.domain import Customer
from services.customer.projection import CustomerRow
from services.customer.queries.people import KeyContactView, key_contact_view, refs_of
from services.customer.search.index import Search
from services.customer.search.query import CustomerFilters

# The earliest fact known of the customer counts: history may be recorded after the customer was registered.
KNOWN_SINCE = """least(c.registered_at,
    (SELECT min(placed_at) FROM customer_order o WHERE o.customer_id = c.customer_id),
    (SELECT min(opened_at) FROM quote q WHERE q.customer_id = c.customer_id),
    (SELECT min(signed_at) FROM contract k WHERE k.customer_id = c.customer_id),
    (SELECT min(at) FROM interaction i WHERE i.customer_id = c.customer_id))
"""
COLUMNS = f"""
    c.customer_id AS id, c.version, c.kind, coalesce(c.name, v.value) AS name, c.stage, c.stage_since, c.tiers,
    c.owner_id, c.leader_id, c.need_type, c.industry, c.region, c.work_status, c.last_contacted_at,
    c.interests, c.buying_cycle, c.order_size, c.customer_kind, c.potential, c.influence, c.cooperation_since,
    c.price_list, c.reviewed_at,
    c.tags, c.helper_ids, c.proposed_tiers, c.is_erased,
    c.external_system, c.external_id, {KNOWN_SINCE} AS registered_at
"""
ONE = f"SELECT {COLUMNS} FROM customer c LEFT JOIN vault v ON v.id = c.name_ref WHERE c.customer_id = $1"  # noqa: S608
SINCE = f"SELECT {KNOWN_SINCE} FROM customer c WHERE c.customer_id = $1"  # noqa: S608


class CustomerView(BaseModel):
    """A customer in the customer service."""

    id: UUID
    version: int
    kind: str
    name: str | None
    stage: Stage
    mode: Mode | None
    stage_since: datetime | None
    tiers: dict[str, str]
    proposed_tiers: dict[str, str]
    tags: list[str]
    helper_ids: list[str]
    owner_id: str | None
    leader_id: str | None
    need_type: str | None
    industry: str | None
    region: str | None
    work_status: str | None
    last_contacted_at: datetime | None
    interests: list[str] | None
    buying_cycle: str | None
    order_size: str | None
    customer_kind: str | None
    potential: str | None
    influence: str | None
    cooperation_since: date | None
    price_list: str | None
    reviewed_at: datetime | None
    external_system: str | None
    external_id: str | None
    registered_at: datetime | None
    is_erased: bool


class NumberView(BaseModel):
    """A number of a customer in another system."""

    system: str
    id: str


class CustomerDetail(CustomerView):
    """One customer, with the fields that lists omit."""

    references: list[NumberView]
    key_contacts: list[KeyContactView]
    duplicate_ids: list[UUID]


class CustomerQueries:
    def __init__(self, pool: Pool, search: Search) -> None:
        self._pool = pool
        self._search = search

    async def current(
        self, customer_id: UUID, version: int, customer: Customer, fold: Callable[[], Awaitable[CustomerRow]]
    ) -> CustomerView:
        """Return the view of a folded state. While the list is older, `fold` returns the row of the same version."""
        name = customer.name or await self._word(customer.name_ref)
        row = await self._pool.fetchrow(ONE, customer_id)
        if row and row["version"] >= version:
            stored = dict(row)
        else:
            folded = await fold()
            stored = asdict(replace(folded, registered_at=await self.known_since(folded)))
        return CustomerView.model_validate(
            {
                **stored,
                **customer.profile.model_dump(),
                "id": customer_id,
                "version": version,
                "kind": customer.kind,
                "name": name,
                "stage": customer.stage,
                "mode": mode_of(customer.stage),
                "tiers": customer.tiers,
                "proposed_tiers": customer.proposed_tiers,
                "tags": sorted(customer.tags),
                "helper_ids": sorted(customer.helper_ids),
                "owner_id": customer.owner_id,
                "leader_id": customer.leader_id,
                "is_erased": customer.is_erased,
            }
        )

    async def known_since(self, row: CustomerRow) -> datetime:
        """Return the time of the earliest fact known of a customer. `row` is folded from all its events."""
        listed: datetime | None = await self._pool.fetchval(SINCE, row.customer_id)
        return min(row.registered_at, listed or row.registered_at)

    async def past(self, row: CustomerRow) -> CustomerView:
        """Return the view of a row that was folded from past events."""
        name = row.name or await self._word(row.name_ref)
        return view({**asdict(row), "id": row.customer_id, "name": name})

    async def detailed(
        self,
        view: CustomerView,
        numbers: list[NumberView],
        contacts: Iterable[KeyContactDetails],
        *,
        duplicate_ids: Iterable[UUID] = (),
        show_personal_data: bool,
    ) -> CustomerDetail:
        found = await self.key_contacts(list(contacts), show_personal_data=show_personal_data)
        return CustomerDetail(**dict(view), references=numbers, key_contacts=found, duplicate_ids=sorted(duplicate_ids))

    async def key_contacts(
        self, contacts: Sequence[KeyContactDetails], *, show_personal_data: bool
    ) -> list[KeyContactView]:
        words = await self.words(refs_of(contacts)) if show_personal_data else None
        return [key_contact_view(contact, words) for contact in contacts]

    async def words(self, refs: Iterable[UUID]) -> PersonalData:
        return await read_personal_data(self._pool, refs)

    async def _word(self, ref: UUID | None) -> str | None:
        return (await read_personal_data(self._pool, [ref])).get(ref)

    async def page(self, filters: CustomerFilters, after: UUID | None, limit: int) -> list[CustomerView]:
        """Return up to `limit` + 1 customers in id order, so that the caller can tell whether there are more."""
        rows = await self._search.page(COLUMNS, filters, after, min(limit, MAX_LIMIT) + 1)
        return [view(row) for row in rows]

    async def count(self, filters: CustomerFilters, limit: int) -> int:
        """Return how many customers match, `limit` at most."""
        return await self._search.count(filters, limit)


def view(row: Any) -> CustomerView:
    return CustomerView(mode=mode_of(Stage(row["stage"])), **row)
