"""Versions of the complaint policy: due times, consent and assignment (ADR 0008)."""

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
    """Work minutes until the first answer and the resolution. Without `tier`, it applies to all customers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    severity: Severity
    tier: Code | None = None
    answer_minutes: Minutes
    resolve_minutes: Minutes


class ComplaintAssignee(StrEnum):
    """The first owner of a complaint: the employee who received it, the owner of the customer, or one of a team."""

    RECEIVER = "receiver"
    OWNER = "owner"
    ROUND_ROBIN = "round-robin"
    LEAST_LOADED = "least-loaded"


class ComplaintAssignment(BaseModel):
    """The first owner of complaints of `category`. Without `category`, it applies to all complaints."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    category: Code | None = None
    assign: ComplaintAssignee
    team: Team = ()


class ComplaintPolicyPublished(Published):
    """A new version of the complaint policy was published. A complaint keeps the version under which its clock started.

    No response for `consent_workdays` after the result was communicated counts as consent. Work time is computed by
    `calendar`. If no rule in `assignments` applies, the employee who received a complaint owns it.
    """

    type: Literal["care.followup.complaint-policy-published.v1"] = "care.followup.complaint-policy-published.v1"
    targets: Annotated[tuple[ComplaintTarget, ...], Field(max_length=MAX_TARGETS)]
    consent_workdays: int = Field(ge=1, le=MAX_CONSENT_WORKDAYS)
    calendar: Code = "china-office"
    assignments: Annotated[tuple[ComplaintAssignment, ...], Field(max_length=MAX_ASSIGNMENTS)] = ()


ComplaintPolicyEvent = ComplaintPolicyPublished
