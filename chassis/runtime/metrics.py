"""Prometheus metrics. Names and units follow its guidelines; no label holds an id."""

from functools import cache
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

M = TypeVar("M", Counter, Gauge, Histogram)

COMMANDS = Counter("care_commands_total", "Commands by outcome.", ["route", "outcome"])
REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "Time from request to response.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
REJECTED = Counter("care_rejected_requests_total", "Requests rejected with 503 by admission control.")
SLOW_BODIES = Counter("care_slow_request_bodies_total", "Requests ended because their bodies arrived too slowly.")
SLOW_READERS = Counter("care_slow_readers_total", "Connections closed because clients read their responses too slowly.")
PUBLISHED = Counter("care_relay_events_total", "Events published and acknowledged.", ["topic"])
UNREADABLE = Counter("care_relay_unreadable_events_total", "Events published without their value.", ["topic"])
OUTBOX_PENDING = Gauge("care_outbox_pending", "Events committed and not yet published.")
RECORDS = Counter("care_consumer_records_total", "Records consumed, by outcome.", ["consumer", "topic", "outcome"])
WATERMARK_AGE = Gauge(
    "care_consumer_watermark_age_seconds",
    "Age of the consumer's watermark: how far its input is behind the wall clock.",
    ["consumer", "topic"],
)
PARKED = Counter(
    "care_parked_events_total", "Events parked because an event of their customer could not be applied.", ["consumer"]
)
TIMERS = Counter("care_timers_fired_total", "Timers fired and handled.")
RULE_FAILURES = Counter("care_alert_rule_failures_total", "Evaluations in which an expression of an alert rule failed.")
LADDER_FAILURES = Counter("care_alert_ladder_failures_total", "Rungs of alerts that failed. Each is tried again.")
TASK_RESTARTS = Counter("care_task_restarts_total", "Restarts of background tasks after a failure.", ["task"])
LOOP_LAG = Histogram(
    "care_event_loop_lag_seconds",
    "Delay of the process's event loop beyond the requested sleep.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@cache
def series(metric: M, *labels: str | int) -> M:
    """Return the series of `metric` with these labels; cached, because the library's own lookup takes a lock."""
    return metric.labels(*labels)
