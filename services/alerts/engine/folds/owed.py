"""What is owed: tasks, complaints, and the terms of contracts and quotes."""

from typing import Any, Final

from msgspec.structs import replace

from contracts import followup
from contracts.event import Envelope, Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds.fold import Folds
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.owed_items import complaints_after, reassigned, tasks_after
from services.alerts.engine.terms import CONCLUDING, OF_CONTRACT, OF_QUOTE, terms_after

OF_TASK: Final = (
    followup.TaskScheduled,
    followup.TaskRescheduled,
    followup.TaskCompleted,
    followup.TaskCancelled,
)


def with_task(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    return replace(facts, tasks=tasks_after(facts.tasks, envelope, occurrence))


def with_assignee(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    return replace(facts, tasks=reassigned(envelope.event.assignee_id, envelope.stream_id, facts.tasks))


def with_complaint(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    return replace(facts, complaints=complaints_after(facts.complaints, envelope, occurrence))


def with_complaint_owner(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    owner_id, complaint_id = envelope.event.owner_id, envelope.stream_id
    return replace(
        facts,
        complaints=reassigned(owner_id, complaint_id, facts.complaints),
        terms=reassigned(owner_id, complaint_id, facts.terms),
    )


def with_term(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    return replace(facts, terms=terms_after(facts.terms, envelope, occurrence))


def with_complaint_and_term(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    return with_term(with_complaint(facts, envelope, occurrence), envelope, occurrence)


OF_COMPLAINT: Final[set[type[Event]]] = {
    followup.ComplaintRaised,
    followup.ComplaintTargetSet,
    followup.ComplaintTargetChanged,
    followup.ComplaintPaused,
    followup.ComplaintReclassified,
    followup.ComplaintReopened,
    followup.ComplaintAnswered,
    followup.ComplaintClosed,
    followup.ComplaintLinked,
    followup.ComplaintEscalated,
}
OF_TERMS: Final[set[type[Event]]] = {*OF_CONTRACT, *OF_QUOTE, *CONCLUDING, followup.ComplaintAnswered}
FOLDS: Final[Folds] = {
    **dict.fromkeys(OF_TASK, with_task),
    followup.TaskReassigned: with_assignee,
    **dict.fromkeys(OF_COMPLAINT - OF_TERMS, with_complaint),
    **dict.fromkeys(OF_TERMS - OF_COMPLAINT, with_term),
    **dict.fromkeys(OF_TERMS & OF_COMPLAINT, with_complaint_and_term),
    followup.ComplaintAssigned: with_complaint_owner,
}
