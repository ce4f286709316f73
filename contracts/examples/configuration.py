"""Examples of the configuration events of the followup service."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from contracts import alerts, customer, followup
from contracts.event import Event
from contracts.examples.constants import ABSENCE_ID, CONTENT_REF, OFFICE_HOURS, OWNER
from contracts.followup.complaint_policy import ComplaintAssignee, ComplaintAssignment, ComplaintTarget
from contracts.followup.survey import Question

QUESTION = Question(survey="after-service", kind=followup.SurveyKind.CSAT, lowest=1, highest=5)
ABSENCE = {
    "absence_id": ABSENCE_ID,
    "employee_id": OWNER,
    "first_day": date(2024, 6, 11),
    "last_day": date(2024, 6, 14),
    "stand_in_id": "E1003",
    "reason": followup.AbsenceReason.TRAVEL,
}
DEFINITION: Mapping[str, Any] = {
    "title": {"en": "No quote after a need", "zh": "提出需求后没有报价"},
    "severities": {"vip": "error", "others": "warning"},
    "condition": {
        "shape": "silence",
        "signals": ["quote", "order"],
        "after": "need",
        "days": {"follow-up": {"vip": 3, "others": 7}},
    },
}
CONFIGURATION: tuple[Event, ...] = (
    alerts.RuleDrafted(
        number=1,
        name="need-without-quote",
        phase=alerts.RulePhase.SHADOW,
        definition=dict(DEFINITION),
        reason="Quotes were sent late in May",
    ),
    alerts.RulePublished(
        number=1,
        name="need-without-quote",
        definition=dict(DEFINITION),
        backlog=alerts.Backlog.DIGEST,
        reason="A month in shadow was useful",
    ),
    alerts.RuleRetired(number=2, name="need-without-quote", reason="Replaced by need-without-reaction"),
    alerts.LadderPublished(
        number=2,
        severity=alerts.AlertSeverity.CRITICAL,
        calendar="china-office",
        rungs=(
            alerts.Rung(after_minutes=0, whom=alerts.Whom.OWNER),
            alerts.Rung(after_minutes=30, whom=alerts.Whom.LEADER),
        ),
        reason="Leaders asked to be told earlier",
    ),
    alerts.QuietHoursPublished(
        number=2,
        calendar="china-office",
        windows=(
            alerts.QuietWindow(start=1_260, end=480),
            alerts.QuietWindow(start=0, end=1_440, days=alerts.QuietDays.DAYS_OFF),
        ),
        ignored_by=(alerts.AlertSeverity.CRITICAL,),
        reason="The works council asked for it",
    ),
    alerts.ContactDefinitionPublished(
        number=2,
        outcomes=("left-message", "not-reached"),
        channels=(followup.Channel.PHONE, followup.Channel.WECHAT),
        directions=(followup.Direction.OUTBOUND,),
        accounts=("E0001",),
        reason="Only calls and messages that reached somebody count",
    ),
    followup.AbsenceNoted.model_validate(ABSENCE),
    followup.AbsenceChanged.model_validate(ABSENCE | {"last_day": date(2024, 6, 13)}),
    followup.AbsenceCancelled(absence_id=ABSENCE_ID, employee_id=OWNER),
    followup.SurveyPolicyPublished(
        number=1,
        after=(followup.PlanTrigger(event="care.followup.complaint-closed.v1"),),
        question=QUESTION,
        anonymous=False,
        channel=followup.Channel.WECHAT,
        valid_days=30,
        rest_days=90,
    ),
    followup.SurveyAnsweredAnonymously(question=QUESTION, score=2, comment_ref=CONTENT_REF),
    followup.ContactFormPublished(
        purpose="quote",
        number=1,
        fields=(
            followup.FormField(name="rivals", kind=followup.FieldKind.NUMBER, required=True),
            followup.FormField(name="doubts", kind=followup.FieldKind.TEXT, personal=True),
        ),
    ),
    followup.PlanTemplatePublished(
        name="after-hesitation",
        number=1,
        mode=customer.Mode.FOLLOW_UP,
        starts_on=(
            followup.PlanTrigger(event="care.followup.contact-logged.v1", field="outcome", value="will-think-again"),
        ),
        anchor="next_step_due_at",
        steps=(followup.PlanStep(name="ask-again", offset=2, purpose="callback"),),
        ends_on=(followup.PlanTrigger(event="care.customer.stage-changed.v1", field="stage", value="lost"),),
    ),
    followup.ComplaintPolicyPublished(
        number=2,
        targets=tuple(
            ComplaintTarget(severity=severity, answer_minutes=60, resolve_minutes=900) for severity in followup.Severity
        ),
        consent_workdays=7,
        effective_from=datetime(2024, 7, 1, tzinfo=UTC),
        assignments=(
            ComplaintAssignment(category="delivery", assign=ComplaintAssignee.ROUND_ROBIN, team=(OWNER, "E1003")),
        ),
    ),
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
                half_days=(followup.HalfDay(day=date(2024, 3, 8), worked=OFFICE_HOURS[:1]),),
            ),
        ),
        closures=(followup.Closure(day=date(2024, 6, 28), reason="stocktaking"),),
    ),
)
