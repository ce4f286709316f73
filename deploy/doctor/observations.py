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
    days: int = 0


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its indexes. `rows` and `dead_rows` are the estimates of PostgreSQL."""

    name: str
    bytes: int
    rows: int
    dead_rows: int


@dataclass(frozen=True, slots=True)
class Growth:
    """The tables of a database, largest first, and how many parts of them expired more than a day ago."""

    tables: Sequence[TableSize] = ()
    overdue_partitions: int = 0
    overdue_imports: int = 0


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
    growth: Growth | None = None


@dataclass(frozen=True, slots=True)
class KafkaObservation:
    """The partitions of each topic that exists, and how many records a partition of each topic of watermarks holds."""

    problem: str | None = None
    partitions: Mapping[str, int] = field(default_factory=dict)
    watermark_records: Mapping[str, int] = field(default_factory=dict)
