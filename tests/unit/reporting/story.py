"""Two customers and their events on three topics."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts import alerts, customer, followup
from contracts.customer import Stage
from contracts.event import Envelope, Event
from contracts.examples import (
    ALERT_ID,
    COMPLAINT_ID,
    CONTACT_ID,
    CONTRACT_ID,
    CUSTOMER_ID,
    ORDER_ID,
    PLAN_ID,
    REPEATS_ID,
    SURVEY_ID,
    TASK_ID,
    example,
    example_envelope,
)
from tests.oracles import reporting as oracle
from tests.oracles.reporting.rows import (
    AlertRow,
    ComplaintRow,
    ContractRow,
    CustomerRow,
    OrderRow,
    PlanRow,
    QuoteRow,
    SurveyRow,
    TaskRow,
)

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
OTHER_ID = uuid5(CUSTOMER_ID, "other")
OTHER_TASK, OTHER_CONTACT, MAIL_ID, LATE_TASK = (
    uuid5(CUSTOMER_ID, name) for name in ("other task", "other contact", "mail", "late task")
)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def told(*facts: tuple[float, UUID, UUID, Event]) -> list[Envelope[Any]]:
    """Return the facts of one topic, in order: day, customer, stream, event."""
    return [
        example_envelope(
            event,
            id=uuid5(stream, f"{position} {event.type}"),
            subject=subject,
            stream_id=stream,
            version=position,
            position=position,
            occurred_at=day(at),
            recorded_at=day(at) + timedelta(minutes=1),
        )
        for position, (at, subject, stream, event) in enumerate(facts, start=1)
    ]


CUSTOMER_FACTS = told(
    (0, CUSTOMER_ID, CUSTOMER_ID, example(customer.Registered, name="上海腾云")),
    (0, CUSTOMER_ID, CUSTOMER_ID, example(customer.ProfileChanged, last_contacted_at=day(-3))),
    (0, CUSTOMER_ID, CUSTOMER_ID, customer.OwnerAssigned(owner_id="E1007", leader_id="E1001")),
    (0, OTHER_ID, OTHER_ID, example(customer.Registered, name="北京新创", external_id="KH-0043")),
    (0, OTHER_ID, OTHER_ID, customer.StageChanged(previous=Stage.NEW, stage=Stage.INTERESTED)),
    (0, OTHER_ID, OTHER_ID, customer.OwnerAssigned(owner_id="E2001")),
    (2, CUSTOMER_ID, CUSTOMER_ID, customer.StageChanged(previous=Stage.NEW, stage=Stage.SIGNED, reason="deal")),
    (3, CUSTOMER_ID, CUSTOMER_ID, customer.TierChanged(scheme="default", tier="vip")),
    (3, OTHER_ID, OTHER_ID, customer.HelperAdded(employee_id="E5")),
    (3, CUSTOMER_ID, ORDER_ID, example(customer.OrderPlaced)),
    (4, CUSTOMER_ID, ORDER_ID, customer.OrderDelivered()),
    (4, CUSTOMER_ID, CONTRACT_ID, example(customer.ContractSigned)),
)
FOLLOWUP_FACTS = told(
    (1, CUSTOMER_ID, TASK_ID, followup.TaskScheduled(assignee_id="E1007", due_at=day(4))),
    (1, CUSTOMER_ID, CONTACT_ID, example(followup.ContactLogged)),
    (2, CUSTOMER_ID, MAIL_ID, example(followup.ContactLogged, automated=True)),
    (2, CUSTOMER_ID, TASK_ID, followup.TaskRescheduled(previous_due_at=day(4), due_at=day(6))),
    (2, OTHER_ID, OTHER_TASK, followup.TaskScheduled(assignee_id="E2001", due_at=day(3))),
    (3, OTHER_ID, OTHER_CONTACT, example(followup.ContactLogged, employee_id="E2001")),
    (3, CUSTOMER_ID, COMPLAINT_ID, example(followup.ComplaintRaised)),
    (3, CUSTOMER_ID, COMPLAINT_ID, example(followup.ComplaintTargetSet, answer_by=day(3.5), resolve_by=day(5))),
    (3, CUSTOMER_ID, REPEATS_ID, example(followup.ComplaintLinked)),
    (3.1, CUSTOMER_ID, COMPLAINT_ID, example(followup.ComplaintPaused)),
    (3.3, CUSTOMER_ID, COMPLAINT_ID, followup.ComplaintResumed()),
    (
        *(3.3, CUSTOMER_ID, COMPLAINT_ID),
        example(followup.ComplaintTargetChanged, answer_by=day(3.7), resolve_by=day(5.2)),
    ),
    (4, CUSTOMER_ID, COMPLAINT_ID, followup.ComplaintAnswered(employee_id="E1007", answered_in_time=False)),
    (4, CUSTOMER_ID, PLAN_ID, example(followup.PlanStarted)),
    (4, CUSTOMER_ID, SURVEY_ID, example(followup.SurveySent)),
    (5, CUSTOMER_ID, SURVEY_ID, example(followup.SurveyAnswered)),
    (5, CUSTOMER_ID, LATE_TASK, followup.TaskScheduled(assignee_id="E1007", due_at=day(5.5))),
    (6, CUSTOMER_ID, TASK_ID, followup.TaskCompleted(due_at=day(6), employee_id="E1007")),
    (7, CUSTOMER_ID, LATE_TASK, followup.TaskCompleted(due_at=day(5.5), employee_id="E1008")),
)
ALERT_FACTS = told(
    (4, CUSTOMER_ID, ALERT_ID, example(alerts.AlertRaised, starts_at=day(4), silent_since=day(3))),
    (5, OTHER_ID, uuid5(OTHER_ID, "alert"), example(alerts.AlertRaised, alert_id=uuid5(OTHER_ID, "alert"))),
    (7, CUSTOMER_ID, ALERT_ID, example(alerts.AlertCleared, starts_at=day(4), ends_at=day(7))),
)
TOPICS = (CUSTOMER_FACTS, FOLLOWUP_FACTS, ALERT_FACTS)
IN_TOPIC_ORDER = [fact for topic in TOPICS for fact in topic]


def interleaved(turns: Iterable[int]) -> list[Envelope[Any]]:
    """Return all facts, taking the next one of the topic whose turn it is."""
    queues = [iter(topic) for topic in TOPICS]
    return [next(queues[turn]) for turn in turns]


TURNS = [number for number, topic in enumerate(TOPICS) for _ in topic]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the state tables by their keys, as the oracle calculates them."""

    customers: dict[UUID, CustomerRow]
    tasks: dict[UUID, TaskRow]
    complaints: dict[UUID, ComplaintRow]
    plans: dict[UUID, PlanRow]
    surveys: dict[UUID, SurveyRow]
    orders: dict[UUID, OrderRow]
    quotes: dict[UUID, QuoteRow]
    contracts: dict[UUID, ContractRow]
    alerts: dict[UUID, AlertRow]


def rows_of(envelopes: Iterable[Envelope[Any]]) -> Rows:
    """Return the rows after events, each topic in order."""
    return Rows(*(oracle.fold(table, history) for table, history in oracle.keyed(envelopes).items()))
