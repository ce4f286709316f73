"""Merges of duplicate customers, and pairs that were marked as distinct (ADR 0013)."""

from typing import Literal
from uuid import UUID

from contracts.event import Event


class Merged(Event):
    """The customer was merged as a duplicate into `into_customer_id`, which now represents it with all its history."""

    type: Literal["care.customer.merged.v1"] = "care.customer.merged.v1"
    into_customer_id: UUID


class Unmerged(Event):
    """The merge was undone. The customer is separate again, with all its history."""

    type: Literal["care.customer.unmerged.v1"] = "care.customer.unmerged.v1"
    from_customer_id: UUID


class DuplicateAbsorbed(Event):
    """A duplicate was merged into this customer. `merged` on the duplicate says the same: use one of the two."""

    type: Literal["care.customer.duplicate-absorbed.v1"] = "care.customer.duplicate-absorbed.v1"
    duplicate_id: UUID


class DuplicateReleased(Event):
    """The merge of a duplicate was undone. `unmerged` on the duplicate says the same: use one of the two."""

    type: Literal["care.customer.duplicate-released.v1"] = "care.customer.duplicate-released.v1"
    duplicate_id: UUID


class MarkedDistinct(Event):
    """An employee confirmed that this customer and `other_id` are not duplicates."""

    type: Literal["care.customer.marked-distinct.v1"] = "care.customer.marked-distinct.v1"
    other_id: UUID


MergeEvent = Merged | Unmerged | DuplicateAbsorbed | DuplicateReleased | MarkedDistinct
