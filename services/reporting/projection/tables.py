"""The state tables of the read model. The SELECT of each is in `states/NAME.sql`."""

from pathlib import Path
from typing import get_args

from chassis.consume.fact_log.state_table import STREAM, FactSource, StateTable
from contracts import customer
from contracts.cloudevents import type_of
from contracts.customer.life import LifeEvent
from contracts.customer.responsibility import ResponsibilityEvent
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.plan import PlanEvent
from contracts.followup.survey import SurveyEvent
from contracts.followup.task import TaskEvent
from contracts.topics import TRANSITIONS

STATES = Path(__file__).parent / "states"


def facts_of(events: object, field: str = STREAM) -> FactSource:
    """Return the facts of a union of event classes."""
    return FactSource(frozenset(map(type_of, get_args(events))), field)


def table(name: str, key: str, columns: str, *sources: FactSource) -> StateTable:
    select = (STATES / f"{name}.sql").read_text(encoding="utf-8")
    return StateTable(name, key, (key, *columns.split()), select, *sources)


CUSTOMER = table(
    "customer",
    "customer_id",
    """
    kind company_name stage mode stage_since registered_at tiers owner_id leader_id need_type industry region
    work_status last_contacted_at helper_ids merged_into
    """,
    facts_of(customer.Registered | customer.Renamed | customer.ProfileChanged | LifeEvent | ResponsibilityEvent),
)
TASK = table(
    "task",
    "task_id",
    """
    customer_id assignee_id purpose scheduled_at first_due_at due_at rescheduled_times completed_at completed_by outcome
    was_on_time cancelled_at channel plan_id plan_step reassigned_times
    """,
    facts_of(TaskEvent),
)
# A link or an escalation is in a stream of the customer, not in that of the complaint.
COMPLAINT = table(
    "complaint",
    "complaint_id",
    """
    customer_id owner_id channel severity topic raised_at category product intake partner answered_at answered_by
    answers awaits_answer communicated_at confirmed_at consented_at closed_at resolution answer_by resolve_by
    was_answered_in_time was_resolved_in_time paused_at paused_seconds pauses first_closed_at reopened_at
    reopened_times first_id repeat_number escalation_level
    """,
    facts_of(ComplaintEvent),
    facts_of(RepeatEvent, "complaint_id"),
)
PLAN = table(
    "plan",
    "plan_id",
    "customer_id template number tier started_at anchor_at changed_times ended_at end_reason",
    facts_of(PlanEvent),
)
SURVEY = table(
    "survey",
    "survey_id",
    """
    customer_id survey kind lowest highest is_anonymous channel step about_id sent_at expires_at answered_at score
    """,
    facts_of(SurveyEvent),
)
ORDER = table(
    "customer_order",
    "order_id",
    """
    customer_id external_system external_id category amount_minor currency placed_at delivered_at cancelled_at
    cancel_reason
    """,
    facts_of(customer.OrderEvent),
)
QUOTE = table(
    "quote",
    "quote_id",
    """
    customer_id external_system external_id category requested_at first_issued_at issued_at issues amount_minor currency
    comparisons compared_at competitor
    """,
    facts_of(customer.QuoteEvent),
)
CONTRACT = table(
    "contract",
    "contract_id",
    """
    customer_id external_system external_id kind signed_at starts_on ends_on amount_minor currency renewal_intent
    renewals renewed_at ended_at end_reason
    """,
    facts_of(customer.ContractEvent),
)
ALERT = table(
    "alert",
    "alert_id",
    """
    customer_id rule_id rule_version severity status outcome starts_at ends_at silent_since owner_id summary summary_zh
    concerns_id causes acknowledged_by acknowledged_at snoozed_until escalation_level
    """,
    # An alert that is carried has its events under two customers.
    FactSource(frozenset(map(type_of, TRANSITIONS)), spans_partitions=True),
)
TABLES: tuple[StateTable, ...] = (CUSTOMER, TASK, COMPLAINT, PLAN, SURVEY, ORDER, QUOTE, CONTRACT, ALERT)
