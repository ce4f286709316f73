"""One true-to-life example of every event, for tests, schemas and documents to share.

The customer is 上海腾云, a company that Li (E1007) follows up and Chen (E1001) leads. Times are June 2024.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from contracts import alerts, customer, followup
from contracts.event import Envelope, Event, Metadata
from contracts.followup.complaint import ComplaintEvent

CUSTOMER_ID = UUID("01900000-0000-7000-8000-000000000001")
CONTACT_ID = UUID("01900000-0000-7000-8000-000000000002")
TASK_ID = UUID("01900000-0000-7000-8000-000000000003")
COMPLAINT_ID = UUID("01900000-0000-7000-8000-000000000004")
ALERT_ID = UUID("01900000-0000-7000-8000-000000000005")
CONTENT_REF = UUID("01900000-0000-7000-8000-000000000006")
CALENDAR_ID = UUID("01900000-0000-7000-8000-000000000008")
BATCH_ID = UUID("01900000-0000-7000-8000-00000000000b")
HANDOVER_ID = UUID("01900000-0000-7000-8000-00000000000c")
CAUSE_ID = UUID("01900000-0000-7000-8000-000000000007")
GOAL_REF = UUID("01900000-0000-7000-8000-000000000020")
KEY_CONTACT_ID = UUID("01900000-0000-7000-8000-000000000021")
PHONE_REF = UUID("01900000-0000-7000-8000-000000000023")
EMAIL_REF = UUID("01900000-0000-7000-8000-000000000024")
DATES_REF = UUID("01900000-0000-7000-8000-000000000025")
ATTACHMENT_REF = UUID("01900000-0000-7000-8000-000000000022")
FIELD_REF = UUID("01900000-0000-7000-8000-000000000023")
CONTACT_FORM_ID = UUID("01900000-0000-7000-8000-000000000024")
ORDER_ID = UUID("01900000-0000-7000-8000-000000000008")
QUOTE_ID = UUID("01900000-0000-7000-8000-000000000009")
CONTRACT_ID = UUID("01900000-0000-7000-8000-00000000000a")
REFERRED_ID = UUID("01900000-0000-7000-8000-00000000000b")
CUSTOMER_NAME = "上海腾云"
OWNER, LEADER = "E1007", "E1001"

OCCURRED_AT = datetime(2024, 6, 3, 1, 0, tzinfo=UTC)
RECORDED_AT = OCCURRED_AT + timedelta(minutes=2)
DUE_AT = datetime(2024, 6, 7, 10, 0, tzinfo=UTC)
SILENT_SINCE = datetime(2024, 5, 20, 1, 0, tzinfo=UTC)
ALLOWED_SILENCE = timedelta(days=14)
STARTS_AT = SILENT_SINCE + ALLOWED_SILENCE

OFFICE_HOURS = (followup.WorkInterval(start=540, end=720), followup.WorkInterval(start=810, end=1080))

METADATA = Metadata(actor=OWNER, correlation_id="req-20240603-0001")

E = TypeVar("E", bound=Event)

CUSTOMER: tuple[Event, ...] = (
    customer.Registered(
        kind=customer.Kind.COMPANY,
        name=CUSTOMER_NAME,
        external_system="crm",
        external_id="KH-0042",
        source="import",
    ),
    customer.ProfileChanged(
        need_type="云服务器",
        industry="制造业",
        region="上海",
        work_status=customer.WorkStatus.QUOTED,
        last_contacted_at=SILENT_SINCE,
        interests=("网络安全", "高尔夫"),
        buying_cycle="quarterly",
        order_size="10万-50万",
        customer_kind="最终用户",
        potential="high",
        influence="行业前十",
        cooperation_since=date(2021, 3, 1),
    ),
    customer.StageChanged(previous=customer.Stage.NEW, stage=customer.Stage.INTERESTED, reason="asked-for-quote"),
    customer.TierChanged(scheme="value", previous="normal", tier="vip"),
    customer.OwnerAssigned(previous_owner_id="E1003", owner_id=OWNER, leader_id=LEADER),
    customer.HandoverStarted(
        batch_id=BATCH_ID,
        from_owner_id="E1003",
        to_owner_id=OWNER,
        to_leader_id=LEADER,
        reason="resigned",
        checklist=(
            customer.ChecklistItem(kind=customer.ItemKind.TASK, concerns_id=TASK_ID, at=DUE_AT, employee_id="E1003"),
        ),
    ),
    customer.HandoverAccepted(owner_id=OWNER, note_ref=CONTENT_REF),
    customer.HandoverWithdrawn(reason_ref=CONTENT_REF),
    customer.KeyContactAdded(
        key_contact_id=KEY_CONTACT_ID,
        role="purchasing",
        is_decision_maker=True,
        name_ref=CONTENT_REF,
        phone_ref=PHONE_REF,
    ),
    customer.KeyContactChanged(
        key_contact_id=KEY_CONTACT_ID,
        role="general-manager",
        is_decision_maker=True,
        name_ref=CONTENT_REF,
        phone_ref=PHONE_REF,
        email_ref=EMAIL_REF,
        dates_ref=DATES_REF,
        date_kinds=("birthday",),
    ),
    customer.KeyContactRemoved(key_contact_id=KEY_CONTACT_ID),
    customer.ReferenceAdded(external_system="erp", external_id="100217"),
    customer.ReferenceReserved(external_system="erp", external_id="100217", customer_id=CUSTOMER_ID),
    customer.NeedStated(need="云服务器", status=customer.NeedStatus.OPEN, text_ref=CONTENT_REF),
    customer.CompetitorSeen(competitor="cloud-b", is_cheaper=True),
    customer.ReferralMade(referred_customer_id=REFERRED_ID),
    customer.OrderPlaced(
        external_system="erp", external_id="SO-2024-0117", amount_minor=12_800_000, currency="CNY", category="servers"
    ),
    customer.OrderDelivered(),
    customer.OrderCancelled(reason="paid-too-late"),
    customer.QuoteRequested(external_system="crm", external_id="Q-0042", category="servers"),
    customer.QuoteIssued(
        external_system="crm", external_id="Q-0042", category="servers", amount_minor=13_500_000, currency="CNY"
    ),
    customer.QuoteCompared(competitor="cloud-b"),
    customer.ContractSigned(
        external_system="erp",
        external_id="HT-2024-007",
        kind=customer.ContractKind.STRATEGIC,
        starts_on=date(2024, 6, 1),
        ends_on=date(2025, 5, 31),
        amount_minor=98_000_000,
        currency="CNY",
        document_id="DMS-881",
    ),
    customer.RenewalIntentStated(intent=customer.RenewalIntent.YES),
    customer.ContractRenewed(
        starts_on=date(2025, 6, 1), ends_on=date(2026, 5, 31), amount_minor=105_000_000, currency="CNY"
    ),
    customer.ContractEnded(reason="not-renewed"),
)

# Two work hours to the answer, two days to the resolution, from Monday at nine.
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
}

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
    followup.ContactFormPublished(
        purpose="quote",
        number=1,
        fields=(
            followup.FormField(name="rivals", kind=followup.FieldKind.NUMBER, required=True),
            followup.FormField(name="doubts", kind=followup.FieldKind.TEXT, personal=True),
        ),
    ),
    followup.TaskScheduled(assignee_id=OWNER, due_at=DUE_AT, purpose="call-back", content_ref=CONTENT_REF),
    followup.TaskRescheduled(previous_due_at=DUE_AT, due_at=DUE_AT + timedelta(days=3), reason_ref=CONTENT_REF),
    followup.TaskCompleted(due_at=DUE_AT, employee_id=OWNER, outcome="reached"),
    followup.TaskCancelled(reason_ref=CONTENT_REF),
    followup.ComplaintRaised(
        channel=followup.Channel.WECHAT,
        severity=followup.Severity.HIGH,
        owner_id=OWNER,
        topic="late-delivery",
        content_ref=CONTENT_REF,
        category="delivery",
        product="cloud-server",
    ),
    followup.ComplaintTargetSet(**TARGET),
    followup.ComplaintAssigned(previous_owner_id="E1003", owner_id=OWNER),
    followup.ComplaintPaused(reason="waits-for-customer", used_seconds=1_800),
    followup.ComplaintResumed(),
    followup.ComplaintTargetChanged(**TARGET | {"used_seconds": 1_800}),
    followup.ComplaintAnswered(
        employee_id=OWNER, content_ref=CONTENT_REF, answered_in_time=True, resolved_in_time=True
    ),
    followup.ComplaintTold(channel=followup.Channel.PHONE, consent_at=DUE_AT, consent_workdays=5),
    followup.ComplaintConfirmed(),
    followup.ComplaintConsented(workdays=5, as_of=DUE_AT),
    followup.ComplaintClosed(resolution="replaced", resolved_in_time=True),
    followup.ComplaintReopened(reason="came-back"),
    followup.CalendarPublished(
        name="china-office",
        number=2,
        zone="Asia/Shanghai",
        week=(OFFICE_HOURS,) * 5 + ((),) * 2,
        made_up=OFFICE_HOURS,
        years=(
            followup.CalendarYear(
                year=2024,
                status=followup.YearStatus.CONFIRMED,
                source="国务院办公厅关于2024年部分节假日安排的通知, 2023-10-25",
                holidays=(date(2024, 6, 10),),
                workdays=(date(2024, 5, 11),),
            ),
        ),
    ),
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
)
ENDED: dict[str, Any] = RAISED.model_dump(exclude={"type", "status"}) | {
    "ends_at": DUE_AT,
    "updated_at": DUE_AT,
}
ALERTS: tuple[Event, ...] = (
    RAISED,
    alerts.AlertCleared.model_validate(ENDED),
    alerts.AlertWithdrawn.model_validate(ENDED),
)

EXAMPLES: dict[type[Event], Event] = {type(event): event for event in (*CUSTOMER, *FOLLOWUP, *ALERTS)}


def example(event_class: type[E], **changes: object) -> E:
    """Return the example of `event_class` with `changes`, so that a test shows only what it is about."""
    if unknown := changes.keys() - event_class.model_fields.keys():
        # The event itself ignores unknown fields, so a misspelt change would pass without any effect.
        raise TypeError(f"{event_class.__name__} has no field {', '.join(sorted(unknown))}")
    return event_class.model_validate(dict(EXAMPLES[event_class]) | changes)


def example_envelope(event: E, **changes: Any) -> Envelope[E]:
    """Return `event` as if it were the first one recorded, in its usual stream, with `changes`."""
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


def _stream_of(event: Event) -> UUID:
    match event:
        case followup.ContactLogged():
            return CONTACT_ID
        case followup.ContactFormPublished():
            return CONTACT_FORM_ID
        case (
            followup.TaskScheduled() | followup.TaskRescheduled() | followup.TaskCompleted() | followup.TaskCancelled()
        ):
            return TASK_ID
        case _ if isinstance(event, ComplaintEvent):
            return COMPLAINT_ID
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
        case customer.HandoverStarted() | customer.HandoverAccepted() | customer.HandoverWithdrawn():
            return HANDOVER_ID
        case _:
            return CUSTOMER_ID
