"""The rows of the state tables, with their columns as fields."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer. `last_contacted_at` is stated by the source."""

    customer_id: UUID
    kind: str
    company_name: str | None
    stage: str
    mode: str | None
    stage_since: datetime
    registered_at: datetime
    tiers: dict[str, str] = field(default_factory=dict)
    owner_id: str | None = None
    leader_id: str | None = None
    need_type: str | None = None
    industry: str | None = None
    region: str | None = None
    work_status: str | None = None
    last_contacted_at: datetime | None = None
    helper_ids: list[str] = field(default_factory=list)
    merged_into: UUID | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A follow-up task. `was_on_time` is set when it is completed."""

    task_id: UUID
    customer_id: UUID
    assignee_id: str
    purpose: str | None
    scheduled_at: datetime
    first_due_at: datetime
    due_at: datetime
    rescheduled_times: int = 0
    completed_at: datetime | None = None
    completed_by: str | None = None
    outcome: str | None = None
    was_on_time: bool | None = None
    cancelled_at: datetime | None = None
    channel: str | None = None
    plan_id: UUID | None = None
    plan_step: str | None = None
    reassigned_times: int = 0


@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """A complaint.

    `answered_at` and `was_answered_in_time` are those of the first answer, `was_resolved_in_time` that of the first
    closure; they never change. `communicated_at`, `confirmed_at`, `consented_at` and `closed_at` are reset by a
    reopening. Nothing is due while the complaint is paused; `paused_seconds` is the total of the ended pauses.
    """

    complaint_id: UUID
    customer_id: UUID
    owner_id: str
    channel: str
    severity: str
    topic: str | None
    raised_at: datetime
    category: str | None = None
    product: str | None = None
    intake: str | None = None
    partner: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    answers: int = 0
    awaits_answer: bool = True
    communicated_at: datetime | None = None
    confirmed_at: datetime | None = None
    consented_at: datetime | None = None
    closed_at: datetime | None = None
    resolution: str | None = None
    answer_by: datetime | None = None
    resolve_by: datetime | None = None
    was_answered_in_time: bool | None = None
    was_resolved_in_time: bool | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0
    pauses: int = 0
    first_closed_at: datetime | None = None
    reopened_at: datetime | None = None
    reopened_times: int = 0
    first_id: UUID | None = None
    repeat_number: int | None = None
    escalation_level: int = 0


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan with its last version and tier."""

    plan_id: UUID
    customer_id: UUID
    template: str
    number: int
    tier: str | None
    started_at: datetime
    anchor_at: datetime
    changed_times: int = 0
    ended_at: datetime | None = None
    end_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A survey, and its answer unless that was anonymous."""

    survey_id: UUID
    customer_id: UUID
    survey: str
    kind: str
    lowest: int
    highest: int
    is_anonymous: bool
    channel: str | None
    step: str | None
    about_id: UUID | None
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order, until its delivery or cancellation."""

    order_id: UUID
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    category: str | None
    amount_minor: int
    currency: str
    placed_at: datetime
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A quote. `competitor` is the issuer of the last quote that it was compared with, if known."""

    quote_id: UUID
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    category: str | None
    requested_at: datetime | None = None
    first_issued_at: datetime | None = None
    issued_at: datetime | None = None
    issues: int = 0
    amount_minor: int | None = None
    currency: str | None = None
    comparisons: int = 0
    compared_at: datetime | None = None
    competitor: str | None = None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """Term, amount and intent are those of the present term; `renewals` counts the terms after the first."""

    contract_id: UUID
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    kind: str
    signed_at: datetime
    starts_on: date
    ends_on: date | None
    amount_minor: int
    currency: str
    renewal_intent: str
    renewals: int = 0
    renewed_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as last published. `causes` are the ids of the events that caused it."""

    alert_id: UUID
    customer_id: UUID
    rule_id: str
    rule_version: int
    severity: str
    status: str
    outcome: str | None
    starts_at: datetime
    ends_at: datetime | None
    silent_since: datetime
    owner_id: str | None
    summary: str
    summary_zh: str
    concerns_id: UUID | None
    causes: list[UUID]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    escalation_level: int
