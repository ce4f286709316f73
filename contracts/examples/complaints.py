"""Examples of complaint events."""

from datetime import timedelta
from typing import Any

from contracts import followup
from contracts.event import Event
from contracts.examples.constants import COMPLAINT_ID, CONTENT_REF, DUE_AT, OCCURRED_AT, OWNER, TASK_ID
from contracts.followup.plan import Assignment

TARGET: dict[str, Any] = {
    "severity": followup.Severity.HIGH,
    "tier": "growth",
    "calendar": "china-office",
    "calendar_number": 1,
    "answer_minutes": 120,
    "resolve_minutes": 900,
    "started_at": OCCURRED_AT,
    "answer_by": OCCURRED_AT + timedelta(hours=2),
    "resolve_by": OCCURRED_AT + timedelta(days=1, hours=9),
    "policy_number": 1,
}

COMPLAINTS: tuple[Event, ...] = (
    followup.ComplaintRaised(
        channel=followup.Channel.WECHAT,
        severity=followup.Severity.HIGH,
        owner_id=OWNER,
        topic="late-delivery",
        content_ref=CONTENT_REF,
        category="delivery",
        product="cloud-server",
        intake=followup.Intake.PARTNER,
        partner="huadong-agency",
    ),
    followup.ComplaintReclassified(
        previous=followup.Severity.NORMAL, severity=followup.Severity.HIGH, reason="many-users"
    ),
    followup.ComplaintTargetSet(**TARGET),
    followup.ComplaintAssigned(
        previous_owner_id="E1003",
        owner_id=OWNER,
        reason="handover",
        assignment=Assignment.LEAST_LOADED,
        policy_number=2,
        stands_in_for="E1004",
    ),
    followup.ComplaintPaused(reason="waits-for-customer", used_seconds=1_800),
    followup.ComplaintResumed(),
    followup.ComplaintTargetChanged(**TARGET | {"used_seconds": 1_800}),
    followup.ComplaintAnswered(
        employee_id=OWNER, content_ref=CONTENT_REF, answered_in_time=True, resolved_in_time=True
    ),
    followup.ComplaintAutoReplied(employee_id=OWNER, content_ref=CONTENT_REF),
    followup.ComplaintCommunicated(channel=followup.Channel.PHONE, consent_at=DUE_AT, consent_workdays=5),
    followup.ComplaintConfirmed(),
    followup.ComplaintConsented(workdays=5, as_of=DUE_AT),
    followup.ComplaintClosed(resolution="replaced", resolved_in_time=True),
    followup.ComplaintReopened(reason="came-back", owner_id=OWNER),
    followup.ComplaintLinked(
        complaint_id=COMPLAINT_ID,
        first_id=TASK_ID,
        number=3,
        within_days=30,
        raised_at=OCCURRED_AT,
        topic="late-delivery",
        product="cloud-server",
    ),
    followup.ComplaintEscalated(
        complaint_id=COMPLAINT_ID,
        first_id=TASK_ID,
        level=1,
        because=followup.EscalationReason.LATE,
        round=1,
        due_at=DUE_AT,
    ),
)
