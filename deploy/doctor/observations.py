"""What the doctor observed in the stack, as the input of the findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServiceObservation:
    """The readiness of a service. `problem` is set if it does not answer; `degraded` are tasks that are not ready."""

    name: str
    problem: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    degraded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The head of a store, the cursor of its relay and the lease. `moved`: the cursor advanced during the check."""

    head: int
    cursor: int
    moved: bool
    holder: str
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a consumer is behind a feed. `age_seconds` is the age of the watermark; None if the feed has none."""

    consumer: str
    topic: str
    events: int
    moved: bool
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class Parked:
    consumer: str
    customers: int
    events: int
    reason: str


@dataclass(frozen=True, slots=True)
class DatabaseObservation:
    """The database of a service. `clock_ahead_seconds` is its clock minus ours, `missing` the migrations to apply."""

    service: str
    problem: str | None = None
    clock_ahead_seconds: float = 0.0
    missing: Sequence[str] = ()
    outbox: Outbox | None = None
    lags: Sequence[Lag] = ()
    parked: Sequence[Parked] = ()


@dataclass(frozen=True, slots=True)
class KafkaObservation:
    """The number of partitions of each topic that exists."""

    problem: str | None = None
    partitions: Mapping[str, int] = field(default_factory=dict)
