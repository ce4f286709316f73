"""What the doctor has seen, before anybody judges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """What a service says of itself; `problem` if it does not answer. `degraded` holds the tasks that are not ready."""

    name: str
    problem: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    degraded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outbox:
    """A store's head, how far its relay is, and who holds the lease for how much longer. `moved`: it is at work."""

    head: int
    cursor: int
    moved: bool
    holder: str
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one consumer is behind one feed. `age_seconds` is None where the feed carries no watermark."""

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
class DatabaseSeen:
    """One service's database. `clock_ahead_seconds`: its clock less ours; `missing`: migrations not applied."""

    service: str
    problem: str | None = None
    clock_ahead_seconds: float = 0.0
    missing: Sequence[str] = ()
    outbox: Outbox | None = None
    lags: Sequence[Lag] = ()
    parked: Sequence[Parked] = ()


@dataclass(frozen=True, slots=True)
class KafkaSeen:
    """The number of partitions of each topic that is there."""

    problem: str | None = None
    partitions: Mapping[str, int] = field(default_factory=dict)
