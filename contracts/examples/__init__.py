"""One realistic example of every event, used by tests, schemas and documents.

The customer is the company 上海腾云. Its owner is Li (E1007), its leader is Chen (E1001). Times are in June 2024.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from contracts import alerts, customer, followup
from contracts.event import Envelope, Event
from contracts.examples.complaints import COMPLAINTS as COMPLAINTS
from contracts.examples.complaints import TARGET as TARGET
from contracts.examples.configuration import CONFIGURATION as CONFIGURATION
from contracts.examples.configuration import QUESTION as QUESTION
from contracts.examples.constants import ABSENCE_ID as ABSENCE_ID
from contracts.examples.constants import ABSENCES_ID as ABSENCES_ID
from contracts.examples.constants import ALERT_ID as ALERT_ID
from contracts.examples.constants import ALERT_NOTE_REF as ALERT_NOTE_REF
from contracts.examples.constants import ALLOWED_SILENCE as ALLOWED_SILENCE
from contracts.examples.constants import ANSWER_ID as ANSWER_ID
from contracts.examples.constants import ATTACHMENT_REF as ATTACHMENT_REF
from contracts.examples.constants import BATCH_ID as BATCH_ID
from contracts.examples.constants import CALENDAR_ID as CALENDAR_ID
from contracts.examples.constants import CARE_ID as CARE_ID
from contracts.examples.constants import CAUSE_ID as CAUSE_ID
from contracts.examples.constants import COMPLAINT_ID as COMPLAINT_ID
from contracts.examples.constants import COMPLAINT_POLICY_ID as COMPLAINT_POLICY_ID
from contracts.examples.constants import CONTACT_FORM_ID as CONTACT_FORM_ID
from contracts.examples.constants import CONTACT_ID as CONTACT_ID
from contracts.examples.constants import CONTENT_REF as CONTENT_REF
from contracts.examples.constants import CONTRACT_ID as CONTRACT_ID
from contracts.examples.constants import CUSTOMER_ID as CUSTOMER_ID
from contracts.examples.constants import CUSTOMER_NAME as CUSTOMER_NAME
from contracts.examples.constants import DATES_REF as DATES_REF
from contracts.examples.constants import DUE_AT as DUE_AT
from contracts.examples.constants import EMAIL_REF as EMAIL_REF
from contracts.examples.constants import EMPLOYEE_STREAM_ID as EMPLOYEE_STREAM_ID
from contracts.examples.constants import ERASURE_ID as ERASURE_ID
from contracts.examples.constants import FIELD_REF as FIELD_REF
from contracts.examples.constants import GOAL_REF as GOAL_REF
from contracts.examples.constants import GUARDS_ID as GUARDS_ID
from contracts.examples.constants import HANDOVER_ID as HANDOVER_ID
from contracts.examples.constants import HELPER as HELPER
from contracts.examples.constants import IMPORTANT_DATE_ID as IMPORTANT_DATE_ID
from contracts.examples.constants import KEY_CONTACT_ID as KEY_CONTACT_ID
from contracts.examples.constants import LEADER as LEADER
from contracts.examples.constants import METADATA as METADATA
from contracts.examples.constants import MUTE_ID as MUTE_ID
from contracts.examples.constants import OCCURRED_AT as OCCURRED_AT
from contracts.examples.constants import OFFICE_HOURS as OFFICE_HOURS
from contracts.examples.constants import ORDER_ID as ORDER_ID
from contracts.examples.constants import OTHER_CUSTOMER_ID as OTHER_CUSTOMER_ID
from contracts.examples.constants import OWNER as OWNER
from contracts.examples.constants import PHONE_REF as PHONE_REF
from contracts.examples.constants import PLAN_ID as PLAN_ID
from contracts.examples.constants import PLAN_TEMPLATE_ID as PLAN_TEMPLATE_ID
from contracts.examples.constants import QUOTE_ID as QUOTE_ID
from contracts.examples.constants import RECORDED_AT as RECORDED_AT
from contracts.examples.constants import REFERRED_ID as REFERRED_ID
from contracts.examples.constants import REPEATS_ID as REPEATS_ID
from contracts.examples.constants import RULE_DRAFT_ID as RULE_DRAFT_ID
from contracts.examples.constants import RULE_ID as RULE_ID
from contracts.examples.constants import SILENT_SINCE as SILENT_SINCE
from contracts.examples.constants import STARTS_AT as STARTS_AT
from contracts.examples.constants import SURVEY_ID as SURVEY_ID
from contracts.examples.constants import SURVEY_POLICY_ID as SURVEY_POLICY_ID
from contracts.examples.constants import TASK_ID as TASK_ID
from contracts.examples.customers import CUSTOMER as CUSTOMER
from contracts.followup.complaint import ComplaintEvent
from contracts.followup.plan import Assignment
from contracts.followup.task import TaskEvent

E = TypeVar("E", bound=Event)

FOLLOWUP: tuple[Event, ...] = (
    followup.ContactLogged(
        channel=followup.Channel.PHONE,
        direction=followup.Direction.OUTBOUND,
        employee_id=OWNER,
        purpose="quote",
        outcome="reached",
        content_ref=CONTENT_REF,
        task_id=TASK_ID,
        goal_ref=GOAL_REF,
        sentiment=followup.Sentiment.POSITIVE,
        key_contact_id=KEY_CONTACT_ID,
        attachments=(followup.Attachment(kind="offer", uri_ref=ATTACHMENT_REF),),
        next_step="send-contract",
        next_step_due_at=DUE_AT,
        form_number=1,
        fields=(
            followup.FieldValue(name="rivals", value=2),
            followup.FieldValue(name="doubts", value_ref=FIELD_REF),
        ),
    ),
    followup.PlanStarted(template="after-hesitation", number=1, anchor_id=CAUSE_ID, anchor_at=OCCURRED_AT, tier="vip"),
    followup.PlanChanged(number=2, tier="growth", reason="tier-changed"),
    followup.PlanEnded(reason="mode-changed"),
    followup.TaskScheduled(
        assignee_id=OWNER,
        due_at=DUE_AT,
        purpose="call-back",
        content_ref=CONTENT_REF,
        channel=followup.Channel.PHONE,
        plan_id=PLAN_ID,
        plan_step="ask-again",
        calendar="china-office",
        calendar_number=1,
        assignment=Assignment.OWNER,
        stands_in_for="E1003",
    ),
    followup.TaskReassigned(previous_assignee_id="E1003", assignee_id=OWNER, reason="handover"),
    followup.TaskRescheduled(previous_due_at=DUE_AT, due_at=DUE_AT + timedelta(days=3), reason_ref=CONTENT_REF),
    followup.TaskCompleted(due_at=DUE_AT, employee_id=OWNER, outcome="reached"),
    followup.TaskCancelled(reason_ref=CONTENT_REF),
    *COMPLAINTS,
    followup.SurveySent(
        question=QUESTION,
        anonymous=False,
        channel=followup.Channel.WECHAT,
        key_contact_id=KEY_CONTACT_ID,
        step="complaint-closed",
        about_id=COMPLAINT_ID,
        expires_at=DUE_AT,
    ),
    followup.SurveyAnswered(question=QUESTION, score=4, comment_ref=CONTENT_REF),
    followup.GuardTripped(
        guard=followup.Guard.TWO_COLLEAGUES,
        number=1,
        stage=customer.Stage.INTERESTED,
        mode=customer.Mode.FOLLOW_UP,
        contact_ids=(CONTACT_ID, TASK_ID),
        employee_ids=("E1003", OWNER),
        at_least=2,
        within_days=7,
        since=OCCURRED_AT,
        owner_id=OWNER,
        leader_id=LEADER,
    ),
    followup.GuardCleared(guard=followup.Guard.TWO_COLLEAGUES, number=1),
    followup.WordsErased(erasure_id=ERASURE_ID, entries=7),
)

RAISED = alerts.AlertRaised(
    alert_id=ALERT_ID,
    dedup_key=f"inactive.interested:{CUSTOMER_ID}:2024-05-20T01:00:00Z",
    severity=alerts.AlertSeverity.WARNING,
    rule_id="inactive.interested",
    rule_version=1,
    summary=f"{CUSTOMER_NAME}: no contact for 14 days",
    summary_zh=f"{CUSTOMER_NAME}：14 天没有联系",
    silent_since=SILENT_SINCE,
    starts_at=STARTS_AT,
    updated_at=STARTS_AT,
    value=int(ALLOWED_SILENCE.total_seconds()),
    threshold=int(ALLOWED_SILENCE.total_seconds()),
    owner_id=OWNER,
    customer_name=CUSTOMER_NAME,
    component="customer",
    labels={"stage": "interested", "tier": "vip"},
    links=(f"/v1/customers/{CUSTOMER_ID}",),
    concerns_id=CUSTOMER_ID,
    causes=(CAUSE_ID,),
    care=alerts.CareRequest(purpose="care", due_at=DUE_AT, assignee_id=LEADER),
)
ENDED: dict[str, Any] = RAISED.model_dump(exclude={"type", "status"}) | {
    "ends_at": DUE_AT,
    "updated_at": DUE_AT,
}
STILL_OPEN: dict[str, Any] = RAISED.model_dump(exclude={"type"}) | {"updated_at": DUE_AT}
ACKNOWLEDGED: dict[str, Any] = {
    "status": alerts.Status.ACKNOWLEDGED,
    "acknowledged_by": OWNER,
    "acknowledged_at": DUE_AT,
}
ALERTS: tuple[Event, ...] = (
    RAISED,
    alerts.AlertCleared.model_validate(ENDED),
    alerts.AlertWithdrawn.model_validate(ENDED),
    alerts.AlertMoved.model_validate(STILL_OPEN | {"previous_silent_since": SILENT_SINCE}),
    alerts.AlertReaddressed.model_validate(STILL_OPEN | {"owner_id": HELPER, "previous_owner_id": OWNER}),
    alerts.AlertCarriedAway.model_validate(STILL_OPEN | {"to_customer_id": OTHER_CUSTOMER_ID}),
    alerts.AlertCarriedIn.model_validate(STILL_OPEN | {"from_customer_id": OTHER_CUSTOMER_ID}),
    alerts.AlertAcknowledged.model_validate(STILL_OPEN | ACKNOWLEDGED),
    alerts.AlertAssigned.model_validate(
        STILL_OPEN | {"owner_id": HELPER, "previous_owner_id": OWNER, "assigned_by": OWNER}
    ),
    alerts.AlertCommented.model_validate(STILL_OPEN | {"comment_ref": ALERT_NOTE_REF}),
    alerts.AlertSnoozed.model_validate(STILL_OPEN | {"snoozed_until": DUE_AT, "reason_ref": ALERT_NOTE_REF}),
    alerts.AlertUnsnoozed.model_validate(STILL_OPEN),
    alerts.CareReported(
        alert_id=ALERT_ID,
        rule_id="inactive.interested",
        task_id=TASK_ID,
        result=alerts.CareResult.COMPLETED,
        employee_id=OWNER,
        outcome="agreed",
    ),
    alerts.AlertEscalated.model_validate(
        STILL_OPEN | {"escalation_level": 1, "rung": "leader", "employee_ids": (LEADER,)}
    ),
    alerts.RuleMuted(rule_id="inactive.interested", muted_until=DUE_AT, reason_ref=ALERT_NOTE_REF),
    alerts.RuleUnmuted(rule_id="inactive.interested"),
)

EXAMPLES: dict[type[Event], Event] = {type(event): event for event in (*CUSTOMER, *FOLLOWUP, *CONFIGURATION, *ALERTS)}


def example(event_class: type[E], **changes: object) -> E:
    """Return the example of `event_class` with changed fields, so that a test shows only the fields that matter."""
    if unknown := changes.keys() - event_class.model_fields.keys():
        # Events ignore unknown fields, so a misspelt name would have no effect.
        raise TypeError(f"{event_class.__name__} has no field {', '.join(sorted(unknown))}")
    return event_class.model_validate(dict(EXAMPLES[event_class]) | changes)


def example_envelope(event: E, **changes: Any) -> Envelope[E]:
    """Return `event` in an envelope, as the first event of its usual stream, with changed envelope fields."""
    envelope = Envelope(
        id=uuid5(CUSTOMER_ID, event.type),
        subject=CUSTOMER_ID,
        stream_id=_stream_of(event),
        version=1,
        position=1,
        occurred_at=OCCURRED_AT,
        recorded_at=RECORDED_AT,
        metadata=METADATA,
        event=event,
    )
    return replace(envelope, **changes)


OTHER_STREAMS: dict[type[Event], UUID] = {
    followup.ComplaintPolicyPublished: COMPLAINT_POLICY_ID,
    followup.SurveyAnsweredAnonymously: ANSWER_ID,
    followup.SurveyPolicyPublished: SURVEY_POLICY_ID,
    followup.AbsenceNoted: ABSENCES_ID,
    followup.AbsenceChanged: ABSENCES_ID,
    followup.AbsenceCancelled: ABSENCES_ID,
    customer.ImportantDateApproaching: IMPORTANT_DATE_ID,
    customer.EmployeeLeft: EMPLOYEE_STREAM_ID,
    customer.EmployeeReturned: EMPLOYEE_STREAM_ID,
    customer.EmployeeLeaderChanged: EMPLOYEE_STREAM_ID,
    alerts.RuleDrafted: RULE_DRAFT_ID,
    alerts.RulePublished: RULE_ID,
    alerts.RuleRetired: RULE_ID,
}


def _stream_of(event: Event) -> UUID:
    match event:
        case followup.ContactLogged():
            return CONTACT_ID
        case followup.SurveySent() | followup.SurveyAnswered():
            return SURVEY_ID
        case followup.ContactFormPublished():
            return CONTACT_FORM_ID
        case followup.PlanTemplatePublished():
            return PLAN_TEMPLATE_ID
        case followup.PlanStarted() | followup.PlanChanged() | followup.PlanEnded():
            return PLAN_ID
        case _ if isinstance(event, TaskEvent):
            return TASK_ID
        case followup.ComplaintLinked() | followup.ComplaintEscalated():
            return REPEATS_ID
        case _ if isinstance(event, ComplaintEvent):
            return COMPLAINT_ID
        case followup.GuardTripped() | followup.GuardCleared():
            return GUARDS_ID
        case followup.WordsErased():
            return ERASURE_ID
        case followup.CalendarPublished():
            return CALENDAR_ID
        case customer.OrderPlaced() | customer.OrderDelivered() | customer.OrderCancelled():
            return ORDER_ID
        case customer.QuoteRequested() | customer.QuoteIssued() | customer.QuoteCompared():
            return QUOTE_ID
        case (
            customer.ContractSigned()
            | customer.RenewalIntentStated()
            | customer.ContractRenewed()
            | customer.ContractEnded()
        ):
            return CONTRACT_ID
        case alerts.AlertEvent():
            return ALERT_ID
        case alerts.RuleMuted() | alerts.RuleUnmuted():
            return MUTE_ID
        case alerts.CareReported():
            return CARE_ID
        case customer.HandoverBatchStarted() | customer.HandoverBatchEnded():
            return BATCH_ID
        case customer.HandoverStarted() | customer.HandoverAccepted() | customer.HandoverWithdrawn():
            return HANDOVER_ID
        case _:
            return OTHER_STREAMS.get(type(event), CUSTOMER_ID)
