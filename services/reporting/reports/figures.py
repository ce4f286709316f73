"""The figures of the reports, each with its definition and a link to its list."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel

from contracts.customer import Mode, Stage, mode_of
from services.reporting.queries.alerts import OpenCount
from services.reporting.queries.funnel import StageCount
from services.reporting.queries.period import Period
from services.reporting.queries.timeliness import Tally
from services.reporting.reports import labels
from services.reporting.reports.labels import Label
from services.reporting.reports.links import link

RATE_DIGITS = 4


class Report(BaseModel):
    """A report is made at `as_of`. No event recorded before `complete_until` is missing."""

    as_of: datetime
    complete_until: datetime | None
    zone: str


class StageRow(BaseModel):
    stage: Stage
    label: Label
    mode: Mode | None
    mode_label: Label | None
    customers: int
    entered: int
    details: dict[str, str]


class StageFunnel(Report):
    """Customers in each stage now, and those who entered it from `begins_at` (included) to `ends_at` (excluded)."""

    begins_at: datetime
    ends_at: datetime
    stages: list[StageRow]


def stage_row(count: StageCount, period: Period) -> StageRow:
    mode = mode_of(count.stage)
    return StageRow(
        stage=count.stage,
        label=labels.STAGES[count.stage],
        mode=mode,
        mode_label=labels.MODES[mode] if mode else None,
        customers=count.customers,
        entered=count.entered,
        details={
            "customers": link("/v1/customers", stage=count.stage),
            "entered": link(
                "/v1/customers",
                entered_stage=count.stage,
                entered_from=period.begins_at,
                entered_to=period.ends_at,
            ),
        },
    )


class Formula(BaseModel):
    """The definition of a figure. `version` increases when the definition changes."""

    name: str
    version: int
    text: Label


TIMELINESS = Formula(
    name="followup-timeliness",
    version=1,
    text=Label(
        en="Follow-ups completed at or before their due time ÷ follow-ups due in the period and not cancelled."
        " The last rescheduling sets the due time. Open follow-ups that are not due yet are not counted."
        " Each follow-up counts for its assignee.",
        zh="跟进及时率 = 在到期时间或之前完成的跟进数 ÷ 期间内到期且未取消的跟进数。"
        "到期时间以最后一次改期后的时间为准；尚未到期且未完成的跟进不计入。每个跟进计入其负责人员名下。",
    ),
)


class Rate(BaseModel):
    """`denominator` = `numerator` + `late` + `overdue` (still open). `rate` is absent if nothing was due."""

    numerator: int
    denominator: int
    late: int
    overdue: int
    not_due_yet: int
    rate: float | None
    details: dict[str, str]


class OwnerRate(Rate):
    owner_id: str


class Timeliness(Report):
    """跟进及时率: follow-ups due from `begins_at` (included) to `ends_at` (excluded), as of `as_of`."""

    formula: Formula
    begins_at: datetime
    ends_at: datetime
    total: Rate
    owners: list[OwnerRate]


def rate_of(tallies: Iterable[Tally], period: Period, owner_id: str | None) -> Rate:
    """Return the rate of all tallies together. `owner_id` is the filter of the links."""
    counted = list(tallies)
    on_time, late = sum(tally.on_time for tally in counted), sum(tally.late for tally in counted)
    overdue = sum(tally.overdue for tally in counted)
    due = on_time + late + overdue
    return Rate(
        numerator=on_time,
        denominator=due,
        late=late,
        overdue=overdue,
        not_due_yet=sum(tally.not_due_yet for tally in counted),
        rate=round(on_time / due, RATE_DIGITS) if due else None,
        details={
            name: link("/v1/tasks", owner_id=owner_id, due_from=period.begins_at, due_to=period.ends_at, **filters)
            for name, filters in LIST_FILTERS.items()
        },
    )


LIST_FILTERS: dict[str, dict[str, str | bool]] = {
    "numerator": {"verdict": "on-time"},
    "denominator": {"has_verdict": True},
    "late": {"verdict": "late"},
    "overdue": {"verdict": "overdue"},
    "not_due_yet": {"state": "open", "has_verdict": False},
}


def owner_rates(tallies: Sequence[Tally], period: Period) -> list[OwnerRate]:
    return [OwnerRate(owner_id=tally.owner_id, **dict(rate_of([tally], period, tally.owner_id))) for tally in tallies]


class OwnerAlerts(BaseModel):
    """`owner_id` is absent for alerts without an owner."""

    owner_id: str | None
    open: int
    oldest_starts_at: datetime
    details: str


class RuleAlerts(BaseModel):
    rule_id: str
    open: int
    oldest_starts_at: datetime
    details: str


class OpenAlerts(Report):
    """The open alerts, by owner and by rule."""

    open: int
    details: str
    owners: list[OwnerAlerts]
    rules: list[RuleAlerts]


OPEN = {"is_open": True}


def owner_alerts(counts: Sequence[OpenCount]) -> list[OwnerAlerts]:
    """Return one row for each owner, most alerts first."""
    rows = [
        OwnerAlerts(
            owner_id=owner_id,
            open=sum(count.open for count in own),
            oldest_starts_at=min(count.oldest_starts_at for count in own),
            details=link("/v1/alerts", **OPEN, owner_id=owner_id, has_owner=None if owner_id else False),
        )
        for owner_id in {count.owner_id for count in counts}
        if (own := [count for count in counts if count.owner_id == owner_id])
    ]
    return sorted(rows, key=lambda row: (-row.open, row.owner_id or ""))


def rule_alerts(counts: Sequence[OpenCount]) -> list[RuleAlerts]:
    """Return one row for each rule, most alerts first."""
    rows = [
        RuleAlerts(
            rule_id=rule_id,
            open=sum(count.open for count in own),
            oldest_starts_at=min(count.oldest_starts_at for count in own),
            details=link("/v1/alerts", **OPEN, rule_id=rule_id),
        )
        for rule_id in {count.rule_id for count in counts}
        if (own := [count for count in counts if count.rule_id == rule_id])
    ]
    return sorted(rows, key=lambda row: (-row.open, row.rule_id))
