"""The Kafka topics of the system. Services create them, and the AsyncAPI document describes them."""

from dataclasses import dataclass
from typing import Literal, get_args

from contracts import alerts, customer, followup
from contracts.event import Event

PARTITIONS = 6
WATERMARKS_COMPACTED_AFTER_MS = 600_000
UNLIMITED_RETENTION = -1


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic. The key is the customer id, so all events of one customer on a topic are in order.

    The number of partitions does not change after the topic is created. With a `retention_ms` of -1 all records are
    kept, so a new consumer can read the whole history from Kafka. Records of a compacted topic may be compacted after
    `compact_after_ms`; if it is None, the broker decides.
    """

    name: str
    owner: str
    meaning: str
    events: tuple[type[Event], ...]
    cleanup_policy: Literal["delete", "compact"] = "delete"
    partitions: int = PARTITIONS
    retention_ms: int = UNLIMITED_RETENTION
    compact_after_ms: int | None = None


def event_classes(union: object) -> tuple[type[Event], ...]:
    """Return the classes of an `AnyEvent` union."""
    return get_args(get_args(union)[0])


CUSTOMER_EVENTS = Topic(
    "care.customer.events.v1",
    "customer",
    "All events about customers, their orders, quotes, contracts and handovers.",
    event_classes(customer.AnyEvent),
)
FOLLOWUP_EVENTS = Topic(
    "care.followup.events.v1",
    "followup",
    "All events about contacts, follow-up tasks, plans, complaints and surveys.",
    event_classes(followup.AnyEvent),
)
ALERT_EVENTS = Topic(
    "care.alert.events.v1",
    "alerts",
    "Every transition of every alert, every mute, and version of rules, ladders, quiet hours and contact definition.",
    event_classes(alerts.AnyEvent),
)
ENDS: tuple[type[Event], ...] = (alerts.AlertCarriedAway, alerts.AlertCleared, alerts.AlertWithdrawn)
TRANSITIONS: tuple[type[Event], ...] = get_args(alerts.Transition)
OPENS = tuple(each for each in TRANSITIONS if each not in ENDS)
ALERT_OPEN = Topic(
    "care.alert.open.v1",
    "alerts",
    "The alerts that are open now: one record per alert, and a tombstone when it ends or leaves the partition.",
    OPENS,
    cleanup_policy="compact",
)
# Not in TOPICS: other systems write to it, and its records are no events of ours. They may hold personal data.
CUSTOMER_INBOUND = Topic(
    "care.customer.inbound.v1",
    "other systems",
    "Messages from other systems to the customer service about companies, orders, quotes and contracts.",
    (),
    retention_ms=30 * 24 * 60 * 60 * 1000,
)
# Not in TOPICS: these records do not come from an event store and have no positions (ADR 0022).
ALERT_ERASURE_ANSWERS = Topic(
    "care.alert.erasure-answers.v1",
    "alerts",
    "Confirmations by the alerts service that it received an erasure and deleted the personal data of that person.",
    (),
    partitions=1,
)
REPORTING_ERASURE_ANSWERS = Topic(
    "care.reporting.erasure-answers.v1",
    "reporting",
    "Confirmations by the reporting service that it received an erasure and holds no personal data of that person.",
    (),
    partitions=1,
)
ERASURE_ANSWERS = (ALERT_ERASURE_ANSWERS, REPORTING_ERASURE_ANSWERS)
TOPICS = (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS, ALERT_OPEN)

EVENT_TOPICS = (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS)


def watermarks_of(topic: Topic) -> Topic:
    """Return the topic with the watermarks of a topic of events: partition n has the watermarks of partition n."""
    return Topic(
        topic.name.replace(".events.", ".watermarks."),
        topic.owner,
        f"Up to when each partition of {topic.name} is complete.",
        (),
        cleanup_policy="compact",
        partitions=topic.partitions,
        compact_after_ms=WATERMARKS_COMPACTED_AFTER_MS,
    )


WATERMARKS = tuple(map(watermarks_of, EVENT_TOPICS))

EVENT_TYPES: dict[str, type[Event]] = {
    str(event.model_fields["type"].default): event for topic in TOPICS for event in topic.events
}

# Events that concern no customer (ADR 0008): their subject is their own stream, and no timeline shows them.
CONFIGURATION: frozenset[type[Event]] = frozenset(
    {
        customer.HandoverBatchStarted,
        customer.HandoverBatchEnded,
        customer.TagVocabularyPublished,
        customer.TierSchemePublished,
        customer.SegmentPublished,
        customer.EmployeeLeft,
        customer.EmployeeReturned,
        customer.EmployeeLeaderChanged,
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
        *get_args(alerts.RuleEvent),
        alerts.LadderPublished,
        alerts.QuietHoursPublished,
        alerts.ContactDefinitionPublished,
    }
)
