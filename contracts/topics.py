"""The topics of the system, declared once: services create them, AsyncAPI describes them."""

from dataclasses import dataclass
from typing import Literal, get_args

from contracts import alerts, customer, followup
from contracts.event import Event

PARTITIONS = 6
KEEP_FOR_EVER = -1


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic. Keys are customer ids, so all that concerns one customer is in one order per topic.

    The number of partitions is fixed when a topic is made. `retention_ms` of -1 keeps everything: the
    stores can refill a topic, but a reader that starts from zero should not need them to.
    """

    name: str
    owner: str
    meaning: str
    events: tuple[type[Event], ...]
    cleanup_policy: Literal["delete", "compact"] = "delete"
    partitions: int = PARTITIONS
    retention_ms: int = KEEP_FOR_EVER


def members(union: object) -> tuple[type[Event], ...]:
    """Return the classes of an `AnyEvent` union."""
    return get_args(get_args(union)[0])


CUSTOMER_EVENTS = Topic(
    "care.customer.events.v1", "customer", "Every fact about the customer itself.", members(customer.AnyEvent)
)
FOLLOWUP_EVENTS = Topic(
    "care.followup.events.v1",
    "followup",
    "What was done for a customer and what is owed.",
    members(followup.AnyEvent),
)
ALERT_EVENTS = Topic("care.alert.events.v1", "alerts", "Every transition of every alert.", members(alerts.AnyEvent))
ALERT_OPEN = Topic(
    "care.alert.open.v1",
    "alerts",
    "What is open now, one record per alert; a tombstone when it ends.",
    (alerts.AlertRaised,),
    cleanup_policy="compact",
)
# Written by other systems, so it is none of TOPICS, whose records are facts of ours. What it holds may be personal.
CUSTOMER_INBOUND = Topic(
    "care.customer.inbound.v1",
    "other systems",
    "What other systems tell the customer service: companies, orders, quotes, contracts.",
    (),
    retention_ms=30 * 24 * 60 * 60 * 1000,
)
# None of TOPICS either: what stands here was appended to no store, and has no chain of positions (ADR 0022).
ALERT_ERASURE_ANSWERS = Topic(
    "care.alert.erasure-answers.v1",
    "alerts",
    "Which erasures the alerts service has received, and that it holds no word of those persons.",
    (),
    partitions=1,
)
REPORTING_ERASURE_ANSWERS = Topic(
    "care.reporting.erasure-answers.v1",
    "reporting",
    "Which erasures the reporting service has received, and that it holds no word of those persons.",
    (),
    partitions=1,
)
ERASURE_ANSWERS = (ALERT_ERASURE_ANSWERS, REPORTING_ERASURE_ANSWERS)
TOPICS = (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS, ALERT_OPEN)

EVENT_TYPES: dict[str, type[Event]] = {
    str(event.model_fields["type"].default): event for topic in TOPICS for event in topic.events
}

# Facts about no customer (ADR 0008): their subject is their own stream, and no customer's timeline holds them.
CONFIGURATION: frozenset[type[Event]] = frozenset(
    {
        customer.HandoverBatchStarted,
        customer.HandoverBatchEnded,
        customer.TagVocabularyPublished,
        customer.TierSchemePublished,
        customer.SegmentPublished,
        customer.SegmentRemoved,
        followup.ContactFormPublished,
        followup.PlanTemplatePublished,
        followup.CalendarPublished,
        followup.ComplaintPolicyPublished,
        followup.SurveyPolicyPublished,
        followup.AbsenceNoted,
        followup.AbsenceChanged,
        followup.AbsenceCancelled,
        followup.SurveyAnsweredAnonymously,
    }
)
