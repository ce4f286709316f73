"""Two records of one customer: under which id it goes on, and whom it is not to be taken for (ADR 0013)."""

from typing import Literal
from uuid import UUID

from contracts.event import Event


class Merged(Event):
    """From now on the customer goes on as `into_customer_id`, which answers for all that was recorded under this id."""

    type: Literal["care.customer.merged.v1"] = "care.customer.merged.v1"
    into_customer_id: UUID


class Unmerged(Event):
    """The customer stands for itself again, with all that was recorded under its id."""

    type: Literal["care.customer.unmerged.v1"] = "care.customer.unmerged.v1"
    from_customer_id: UUID


class DuplicateAbsorbed(Event):
    """The other side of `Merged`, recorded in the same append; readers need only one of them."""

    type: Literal["care.customer.duplicate-absorbed.v1"] = "care.customer.duplicate-absorbed.v1"
    duplicate_id: UUID


class DuplicateReleased(Event):
    """The other side of `Unmerged`, recorded in the same append; readers need only one of them."""

    type: Literal["care.customer.duplicate-released.v1"] = "care.customer.duplicate-released.v1"
    duplicate_id: UUID


class MarkedDistinct(Event):
    """Somebody has looked: however alike, this and the other are two customers."""

    type: Literal["care.customer.marked-distinct.v1"] = "care.customer.marked-distinct.v1"
    other_id: UUID


MergeEvent = Merged | Unmerged | DuplicateAbsorbed | DuplicateReleased | MarkedDistinct
