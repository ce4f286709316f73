"""Facts the customer service publishes. Fields may be added with a default, never renamed."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.types import Code, EmployeeId, Instant, Name, Word


class Kind(StrEnum):
    COMPANY = "company"
    PERSON = "person"


class Stage(StrEnum):
    NEW = "new"
    INTERESTED = "interested"
    SIGNED = "signed"
    ESTABLISHED = "established"
    LOST = "lost"


class Mode(StrEnum):
    """A function of the stage: dense follow-up before the deal, staged maintenance after it."""

    FOLLOW_UP = "follow-up"
    MAINTENANCE = "maintenance"


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


class ProfileChanged(Event):
    """Each field holds the new value; an absent one did not change. `last_contacted_at` is the source's word."""

    type: Literal["care.customer.profile-changed.v1"] = "care.customer.profile-changed.v1"
    need_type: Word | None = None
    industry: Word | None = None
    region: Word | None = None
    work_status: WorkStatus | None = None
    last_contacted_at: Instant | None = None


class StageChanged(Event):
    type: Literal["care.customer.stage-changed.v1"] = "care.customer.stage-changed.v1"
    previous: Stage
    stage: Stage
    reason: Code | None = None


class TierChanged(Event):
    type: Literal["care.customer.tier-changed.v1"] = "care.customer.tier-changed.v1"
    scheme: Code
    previous: Code | None = None
    tier: Code


class OwnerAssigned(Event):
    """From now on `owner_id` answers for the customer; `leader_id` is who leads the owner, where known."""

    type: Literal["care.customer.owner-assigned.v1"] = "care.customer.owner-assigned.v1"
    previous_owner_id: EmployeeId | None = None
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None


AnyEvent = Annotated[
    Registered | ProfileChanged | StageChanged | TierChanged | OwnerAssigned,
    Field(discriminator="type"),
]


def mode_of(stage: Stage) -> Mode | None:
    """Follow-up before the deal, maintenance after it; a lost customer is in neither."""
    match stage:
        case Stage.NEW | Stage.INTERESTED:
            return Mode.FOLLOW_UP
        case Stage.SIGNED | Stage.ESTABLISHED:
            return Mode.MAINTENANCE
        case Stage.LOST:
            return None
