"""The rows that a batch changes: loaded once, changed in memory, written once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts.customer.contract import ContractEvent
from contracts.customer.order import OrderEvent
from contracts.event import Envelope, Event
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.plan import PlanEvent
from contracts.followup.survey import SurveyEvent
from contracts.followup.task import TaskEvent
from contracts.topics import CUSTOMER_EVENTS
from services.reporting.projection.commerce_rows import ContractRow, OrderRow
from services.reporting.projection.rows import (
    AlertRow,
    ComplaintRow,
    ContactRow,
    CustomerRow,
    PlanRow,
    SurveyRow,
    TaskRow,
    TimelineRow,
    TransitionRow,
)

# Names have no schema: search_path selects the copy of the read model that is written.
CUSTOMERS = Rows("customer", CustomerRow, "customer_id")
TRANSITIONS = Rows("stage_transition", TransitionRow, "event_id", written_once=True)
CONTACTS = Rows("contact", ContactRow, "contact_id", written_once=True)
TASKS = Rows("task", TaskRow, "task_id")
COMPLAINTS = Rows("complaint", ComplaintRow, "complaint_id")
PLANS = Rows("plan", PlanRow, "plan_id")
SURVEYS = Rows("survey", SurveyRow, "survey_id")
ORDERS = Rows("customer_order", OrderRow, "order_id")
CONTRACTS = Rows("contract", ContractRow, "contract_id")
ALERTS = Rows("alert", AlertRow, "alert_id")
TIMELINE = Rows("timeline", TimelineRow, "event_id", written_once=True)
TABLES = (
    *("customer", "stage_transition", "contact", "task", "complaint", "alert", "timeline"),
    *("plan", "survey", "customer_order", "contract"),
)


@dataclass(slots=True)
class BatchRows:
    """Rows by their key. An event whose row is missing raises KeyError."""

    customers: dict[UUID, CustomerRow] = field(default_factory=dict)
    transitions: dict[UUID, TransitionRow] = field(default_factory=dict)
    contacts: dict[UUID, ContactRow] = field(default_factory=dict)
    tasks: dict[UUID, TaskRow] = field(default_factory=dict)
    complaints: dict[UUID, ComplaintRow] = field(default_factory=dict)
    plans: dict[UUID, PlanRow] = field(default_factory=dict)
    surveys: dict[UUID, SurveyRow] = field(default_factory=dict)
    orders: dict[UUID, OrderRow] = field(default_factory=dict)
    contracts: dict[UUID, ContractRow] = field(default_factory=dict)
    alerts: dict[UUID, AlertRow] = field(default_factory=dict)
    timeline: dict[UUID, TimelineRow] = field(default_factory=dict)


async def load(held: Connection, envelopes: Sequence[Envelope[Any]]) -> BatchRows:
    """Return the rows that the batch changes; rows that one event writes completely are not loaded."""

    def streams(*kinds: type[Event]) -> list[UUID]:
        return [envelope.stream_id for envelope in envelopes if isinstance(envelope.event, kinds)]

    own = [envelope.subject for envelope in envelopes if isinstance(envelope.event, CUSTOMER_EVENTS.events)]
    linked = [each.event.complaint_id for each in envelopes if isinstance(each.event, RepeatEvent)]
    return BatchRows(
        customers=await CUSTOMERS.load(held, own),
        tasks=await TASKS.load(held, streams(*get_args(TaskEvent))),
        complaints=await COMPLAINTS.load(held, [*streams(*get_args(ComplaintEvent)), *linked]),
        plans=await PLANS.load(held, streams(*get_args(PlanEvent))),
        surveys=await SURVEYS.load(held, streams(*get_args(SurveyEvent))),
        orders=await ORDERS.load(held, streams(*get_args(OrderEvent))),
        contracts=await CONTRACTS.load(held, streams(*get_args(ContractEvent))),
    )


async def save(held: Connection, rows: BatchRows) -> None:
    await CUSTOMERS.save(held, list(rows.customers.values()))
    await TRANSITIONS.save(held, list(rows.transitions.values()))
    await CONTACTS.save(held, list(rows.contacts.values()))
    await TASKS.save(held, list(rows.tasks.values()))
    await COMPLAINTS.save(held, list(rows.complaints.values()))
    await PLANS.save(held, list(rows.plans.values()))
    await SURVEYS.save(held, list(rows.surveys.values()))
    await ORDERS.save(held, list(rows.orders.values()))
    await CONTRACTS.save(held, list(rows.contracts.values()))
    await ALERTS.save(held, list(rows.alerts.values()))
    await TIMELINE.save(held, list(rows.timeline.values()))
