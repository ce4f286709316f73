"""Projects contacts and follow-up tasks; plans, complaints and surveys have their own modules."""

from dataclasses import replace

from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.complaint import ComplaintEvent
from contracts.followup.task import TaskEvent
from services.reporting.projection import complaint, plan, survey
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.rows import ContactRow, TaskRow


def project(rows: BatchRows, envelope: Envelope[events.AnyEvent]) -> None:
    """Apply one event of the followup service to the rows."""
    if isinstance(envelope.event, ComplaintEvent):
        complaint.project(rows, envelope, envelope.event)
        return
    match envelope.event:
        case events.ContactLogged() as event:
            rows.contacts[envelope.stream_id] = contact(envelope, event)
        case (
            events.TaskScheduled()
            | events.TaskRescheduled()
            | events.TaskReassigned()
            | events.TaskCompleted()
            | events.TaskCancelled()
        ) as event:
            project_task(rows, envelope, event)
        case (
            events.ContactFormPublished()
            | events.CalendarPublished()
            | events.PlanTemplatePublished()
            | events.GuardTripped()
            | events.GuardCleared()
            | events.ComplaintPolicyPublished()
            | events.WordsErased()
            | events.SurveyAnsweredAnonymously()
            | events.SurveyPolicyPublished()
            | events.AbsenceNoted()
            | events.AbsenceChanged()
            | events.AbsenceCancelled()
        ):
            return
        case events.ComplaintLinked() | events.ComplaintEscalated() as event:
            complaint.project_repeat(rows, event)
        case events.PlanStarted() | events.PlanChanged() | events.PlanEnded() as event:
            plan.project(rows, envelope, event)
        case events.SurveySent() | events.SurveyAnswered() as event:
            survey.project(rows, envelope, event)


def project_task(rows: BatchRows, envelope: Envelope[events.AnyEvent], fact: TaskEvent) -> None:
    stream_id = envelope.stream_id
    match fact:
        case events.TaskScheduled() as event:
            rows.tasks[stream_id] = scheduled(envelope, event)
        case events.TaskRescheduled(due_at=due_at):
            task = rows.tasks[stream_id]
            rows.tasks[stream_id] = replace(task, due_at=due_at, rescheduled_times=task.rescheduled_times + 1)
        case events.TaskReassigned(assignee_id=assignee_id):
            task = rows.tasks[stream_id]
            times = task.reassigned_times + 1
            rows.tasks[stream_id] = replace(task, assignee_id=assignee_id, reassigned_times=times)
        case events.TaskCompleted() as event:
            rows.tasks[stream_id] = completed(rows.tasks[stream_id], envelope, event)
        case events.TaskCancelled():
            rows.tasks[stream_id] = replace(rows.tasks[stream_id], cancelled_at=envelope.occurred_at)


def contact(envelope: Envelope[events.AnyEvent], event: events.ContactLogged) -> ContactRow:
    return ContactRow(
        contact_id=envelope.stream_id,
        customer_id=envelope.subject,
        employee_id=event.employee_id,
        channel=event.channel,
        direction=event.direction,
        is_automated=event.automated,
        purpose=event.purpose,
        outcome=event.outcome,
        task_id=event.task_id,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
    )


def scheduled(envelope: Envelope[events.AnyEvent], event: events.TaskScheduled) -> TaskRow:
    return TaskRow(
        task_id=envelope.stream_id,
        customer_id=envelope.subject,
        assignee_id=event.assignee_id,
        purpose=event.purpose,
        scheduled_at=envelope.occurred_at,
        first_due_at=event.due_at,
        due_at=event.due_at,
        channel=event.channel,
        plan_id=event.plan_id,
        plan_step=event.plan_step,
    )


def completed(task: TaskRow, envelope: Envelope[events.AnyEvent], event: events.TaskCompleted) -> TaskRow:
    """A task that is completed exactly at its due time is on time."""
    return replace(
        task,
        due_at=event.due_at,
        completed_at=envelope.occurred_at,
        completed_by=event.employee_id,
        outcome=event.outcome,
        was_on_time=envelope.occurred_at <= event.due_at,
    )
