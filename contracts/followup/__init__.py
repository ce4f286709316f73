"""The events that the followup service publishes. Free text is in the vault; `…_ref` fields refer to it."""

from typing import Annotated

from pydantic import Field

from contracts.followup.absence import AbsenceCancelled, AbsenceChanged, AbsenceEvent, AbsenceNoted, AbsenceReason
from contracts.followup.calendar import (
    CalendarEvent,
    CalendarPublished,
    CalendarYear,
    Closure,
    HalfDay,
    WorkInterval,
    YearStatus,
)
from contracts.followup.complaint import (
    ComplaintAnswered,
    ComplaintAssigned,
    ComplaintAutoReplied,
    ComplaintClosed,
    ComplaintCommunicated,
    ComplaintConfirmed,
    ComplaintConsented,
    ComplaintEscalated,
    ComplaintEvent,
    ComplaintLinked,
    ComplaintPaused,
    ComplaintRaised,
    ComplaintReclassified,
    ComplaintReopened,
    ComplaintResumed,
    ComplaintTargetChanged,
    ComplaintTargetSet,
    EscalationReason,
    Intake,
    RepeatEvent,
    Severity,
)
from contracts.followup.complaint_policy import ComplaintPolicyEvent, ComplaintPolicyPublished
from contracts.followup.contact import Attachment, Channel, ContactEvent, ContactLogged, Direction, Purpose, Sentiment
from contracts.followup.contact_form import ContactFormEvent, ContactFormPublished, FieldKind, FieldValue, FormField
from contracts.followup.erasure import ErasureAnswer, WordsErased
from contracts.followup.guard import Guard, GuardCleared, GuardEvent, GuardTripped
from contracts.followup.plan import (
    PlanChanged,
    PlanEnded,
    PlanEvent,
    PlanStarted,
    PlanStep,
    PlanTemplateEvent,
    PlanTemplatePublished,
    PlanTrigger,
)
from contracts.followup.survey import (
    SurveyAnswered,
    SurveyAnsweredAnonymously,
    SurveyConfiguration,
    SurveyEvent,
    SurveyKind,
    SurveyPolicyPublished,
    SurveySent,
)
from contracts.followup.task import (
    TaskCancelled,
    TaskCompleted,
    TaskEvent,
    TaskReassigned,
    TaskRescheduled,
    TaskScheduled,
)

AnyEvent = Annotated[
    ContactEvent
    | ContactFormEvent
    | PlanTemplateEvent
    | PlanEvent
    | TaskEvent
    | ComplaintEvent
    | RepeatEvent
    | CalendarEvent
    | AbsenceEvent
    | GuardEvent
    | ComplaintPolicyEvent
    | ErasureAnswer
    | SurveyEvent
    | SurveyConfiguration,
    Field(discriminator="type"),
]

__all__ = [
    "AbsenceCancelled",
    "AbsenceChanged",
    "AbsenceNoted",
    "AbsenceReason",
    "AnyEvent",
    "Attachment",
    "CalendarPublished",
    "CalendarYear",
    "Channel",
    "Closure",
    "ComplaintAnswered",
    "ComplaintAssigned",
    "ComplaintAutoReplied",
    "ComplaintClosed",
    "ComplaintCommunicated",
    "ComplaintConfirmed",
    "ComplaintConsented",
    "ComplaintEscalated",
    "ComplaintLinked",
    "ComplaintPaused",
    "ComplaintPolicyPublished",
    "ComplaintRaised",
    "ComplaintReclassified",
    "ComplaintReopened",
    "ComplaintResumed",
    "ComplaintTargetChanged",
    "ComplaintTargetSet",
    "ContactFormPublished",
    "ContactLogged",
    "Direction",
    "EscalationReason",
    "FieldKind",
    "FieldValue",
    "FormField",
    "Guard",
    "GuardCleared",
    "GuardTripped",
    "HalfDay",
    "Intake",
    "PlanChanged",
    "PlanEnded",
    "PlanStarted",
    "PlanStep",
    "PlanTemplatePublished",
    "PlanTrigger",
    "Purpose",
    "Sentiment",
    "Severity",
    "SurveyAnswered",
    "SurveyAnsweredAnonymously",
    "SurveyKind",
    "SurveyPolicyPublished",
    "SurveySent",
    "TaskCancelled",
    "TaskCompleted",
    "TaskReassigned",
    "TaskRescheduled",
    "TaskScheduled",
    "WordsErased",
    "WorkInterval",
    "YearStatus",
]
