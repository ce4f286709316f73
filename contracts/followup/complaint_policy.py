"""What is promised to whoever complains: data, in whole versions (ADR 0008)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.followup.complaint import Severity
from contracts.followup.plan import Team
from contracts.types import Code
from contracts.version import Published

MAX_TARGETS = 100
MAX_TARGET_MINUTES = 100_000
MAX_CONSENT_WORKDAYS = 60
MAX_ASSIGNMENTS = 100

Minutes = Annotated[int, Field(ge=1, le=MAX_TARGET_MINUTES)]


class ComplaintTarget(BaseModel):
    """Work minutes to the first answer and to the resolution, for customers of `tier`; of any, where none is named."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    severity: Severity
    tier: Code | None = None
    answer_minutes: Minutes
    resolve_minutes: Minutes


class ComplaintTaker(StrEnum):
    """Who answers for a complaint from the beginning: whoever receives it, the customer's owner, or one of a team."""

    RECEIVER = "receiver"
    OWNER = "owner"
    ROUND_ROBIN = "round-robin"
    LEAST_LOADED = "least-loaded"


class ComplaintAssignment(BaseModel):
    """Who answers for complaints of `category`; of any, where none is named."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    category: Code | None = None
    assign: ComplaintTaker
    team: Team = ()


class ComplaintPolicyPublished(Published):
    """A whole new version. A complaint keeps the one that its clock began under.

    After being told the result, silence for `consent_workdays` counts as consent. Work time is that of `calendar`.
    Whoever receives a complaint answers for it, where `assignments` do not name another.
    """

    type: Literal["care.followup.complaint-policy-published.v1"] = "care.followup.complaint-policy-published.v1"
    targets: Annotated[tuple[ComplaintTarget, ...], Field(max_length=MAX_TARGETS)]
    consent_workdays: int = Field(ge=1, le=MAX_CONSENT_WORKDAYS)
    calendar: Code = "china-office"
    assignments: Annotated[tuple[ComplaintAssignment, ...], Field(max_length=MAX_ASSIGNMENTS)] = ()


ComplaintPolicyEvent = ComplaintPolicyPublished
