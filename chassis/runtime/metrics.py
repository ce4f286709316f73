"""What Prometheus is told. Names and units follow its guide; no label holds an id."""

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
REJECTED = Counter("care_rejected_requests_total", "Requests answered 503 because too many were under way.")
SLOW_BODIES = Counter("care_slow_request_bodies_total", "Requests ended because their bodies came too slowly.")
SLOW_READERS = Counter("care_slow_readers_total", "Requests ended because their answers were read too slowly.")
PUBLISHED = Counter("care_relay_events_total", "Events published and acknowledged.", ["topic"])
UNREADABLE = Counter("care_relay_unreadable_events_total", "Events published without their value.", ["topic"])
OUTBOX_PENDING = Gauge("care_outbox_pending", "Events committed and not yet published.")
RECORDS = Counter("care_consumer_records_total", "Records by what became of them.", ["consumer", "topic", "outcome"])
WATERMARK_AGE = Gauge(
    "care_consumer_watermark_age_seconds",
    "How far behind the wall clock the feed is complete.",
    ["consumer", "topic"],
)
PARKED = Counter(
    "care_parked_events_total", "Events set aside because their customer could not be applied.", ["consumer"]
)
TIMERS = Counter("care_timers_fired_total", "Timers that came due and were handled.")
TASK_RESTARTS = Counter("care_task_restarts_total", "Background tasks started again after a failure.", ["task"])
LOOP_LAG = Histogram(
    "care_event_loop_lag_seconds",
    "How much later than it asked to the process's event loop came round.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@cache
def series(metric: M, *labels: str | int) -> M:
    """Return the series of `metric` with these labels: the library looks it up anew each time, under a lock."""
    return metric.labels(*labels)
