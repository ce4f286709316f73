"""Registration, name and profile of a customer."""

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Day, Instant, Name, Word


class Kind(StrEnum):
    COMPANY = "company"
    PERSON = "person"


class WorkStatus(StrEnum):
    """The follow-up status (跟进状态) as given by the source system."""

    QUOTED = "quoted"
    IN_PROGRESS = "in-progress"
    SOLVED = "solved"
    DONE = "done"


class Registered(Event):
    """A customer was registered. `name` is the name of a company; the name of a person is in the vault (`name_ref`)."""

    type: Literal["care.customer.registered.v1"] = "care.customer.registered.v1"
    kind: Kind
    name: Name | None = None
    name_ref: UUID | None = None
    external_system: Code | None = None
    external_id: Word | None = None
    source: Code = "manual"


class Renamed(Event):
    """The customer was renamed, or its name was corrected. The name of a person is in the vault (`name_ref`)."""

    type: Literal["care.customer.renamed.v1"] = "care.customer.renamed.v1"
    name: Name | None = None
    name_ref: UUID | None = None


NOT_PROFILE_FIELDS = frozenset({"type", "cleared"})


class ProfileChanged(Event):
    """The profile changed. An omitted field did not change; the fields named in `cleared` were deleted.

    `last_contacted_at` is the time that the source system gave.
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

    def changes(self) -> dict[str, Any]:
        """Return the new value of each field that changed; None if it was cleared."""
        values = {
            name: value for name, value in vars(self).items() if value is not None and name not in NOT_PROFILE_FIELDS
        }
        return {**dict.fromkeys(self.cleared), **values} if self.cleared else values


class ProfileReviewed(Event):
    """An employee reviewed the profile of the customer and found it correct."""

    type: Literal["care.customer.profile-reviewed.v1"] = "care.customer.profile-reviewed.v1"


RecordEvent = Registered | Renamed | ProfileChanged | ProfileReviewed
