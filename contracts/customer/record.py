"""Who a customer is."""

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Day, Instant, Name, Word


class Kind(StrEnum):
    COMPANY = "company"
    PERSON = "person"


class WorkStatus(StrEnum):
    """跟进状态 as stated by the source system: quoted, in progress, solved, done."""

    QUOTED = "quoted"
    IN_PROGRESS = "in-progress"
    SOLVED = "solved"
    DONE = "done"


class Registered(Event):
    """A customer became known. A company's name stands here; a person's name stays in the vault."""

    type: Literal["care.customer.registered.v1"] = "care.customer.registered.v1"
    kind: Kind
    name: Name | None = None
    name_ref: UUID | None = None
    external_system: Code | None = None
    external_id: Word | None = None
    source: Code = "manual"


class Renamed(Event):
    """A customer is called otherwise from now on, or its name was put right. A person's name stays in the vault."""

    type: Literal["care.customer.renamed.v1"] = "care.customer.renamed.v1"
    name: Name | None = None
    name_ref: UUID | None = None


ABOUT_ITSELF = frozenset({"type", "cleared"})


class ProfileChanged(Event):
    """Each field holds the new value; an absent one did not change, one named in `cleared` is known no longer.

    `last_contacted_at` is the source's word.
    """

    type: Literal["care.customer.profile-changed.v1"] = "care.customer.profile-changed.v1"
    need_type: Word | None = None
    industry: Word | None = None
    region: Word | None = None
    work_status: WorkStatus | None = None
    last_contacted_at: Instant | None = None
    interests: tuple[Word, ...] | None = None
    buying_cycle: Word | None = None
    order_size: Word | None = None
    customer_kind: Word | None = None
    potential: Word | None = None
    influence: Word | None = None
    cooperation_since: Day | None = None
    price_list: Word | None = None
    cleared: tuple[Word, ...] = ()

    def news(self) -> dict[str, Any]:
        """Return each field that changed with its value from now on; None for one that was cleared."""
        told = {name: value for name, value in self if value is not None and name not in ABOUT_ITSELF}
        return {**dict.fromkeys(self.cleared), **told}


class ProfileReviewed(Event):
    """Somebody looked through what is known about the customer and found it right, as it then stood."""

    type: Literal["care.customer.profile-reviewed.v1"] = "care.customer.profile-reviewed.v1"


RecordEvent = Registered | Renamed | ProfileChanged | ProfileReviewed
