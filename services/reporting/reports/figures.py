"""The figures of the reports: each with its definition, and a link to the list that it was counted from."""

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
    """When a report was made, and the instant before which no recorded event is missing."""

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
    """Customers at each stage now, and who came into it from `begins_at` to just before `ends_at`."""

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
    """What a figure means. `version` rises when the meaning changes."""

    name: str
    version: int
    text: Label


TIMELINESS = Formula(
    name="followup-timeliness",
    version=1,
    text=Label(
        en="Follow-ups completed no later than they were due ÷ follow-ups due in the period and not cancelled."
        " Due is the time after the last rescheduling. Open ones that are not due yet count neither way."
        " A follow-up counts for the employee who owes it.",
        zh="跟进及时率 = 不晚于到期时间完成的跟进数 ÷ 期间内到期且未取消的跟进数。"
        "到期时间以最后一次改期为准；尚未到期且未完成的不计入。每个跟进计入其执行人名下。",
    ),
)


class Rate(BaseModel):
    """`numerator`, `late` and `overdue` (still open) add up to `denominator`; no rate where nothing came due."""

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
    """跟进及时率: follow-ups due from `begins_at` to just before `ends_at`, as far as it can be told by `as_of`."""

    formula: Formula
    begins_at: datetime
    ends_at: datetime
    total: Rate
    owners: list[OwnerRate]


def rate_of(tallies: Iterable[Tally], period: Period, owner_id: str | None) -> Rate:
    """Add tallies up. `owner_id` is whose they are, for the links."""
    given = list(tallies)
    on_time, late = sum(tally.on_time for tally in given), sum(tally.late for tally in given)
    overdue = sum(tally.overdue for tally in given)
    due = on_time + late + overdue
    return Rate(
        numerator=on_time,
        denominator=due,
        late=late,
        overdue=overdue,
        not_due_yet=sum(tally.not_due_yet for tally in given),
        rate=round(on_time / due, RATE_DIGITS) if due else None,
        details={
            name: link("/v1/tasks", owner_id=owner_id, due_from=period.begins_at, due_to=period.ends_at, **filters)
            for name, filters in BEHIND.items()
        },
    )


BEHIND: dict[str, dict[str, str | bool]] = {
    "numerator": {"verdict": "on-time"},
    "denominator": {"has_verdict": True},
    "late": {"verdict": "late"},
    "overdue": {"verdict": "overdue"},
    "not_due_yet": {"state": "open", "has_verdict": False},
}


def owner_rates(tallies: Sequence[Tally], period: Period) -> list[OwnerRate]:
    return [OwnerRate(owner_id=tally.owner_id, **dict(rate_of([tally], period, tally.owner_id))) for tally in tallies]


class OwnerAlerts(BaseModel):
    """`owner_id` is absent for alerts that were raised for nobody."""

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
    """Alerts that are firing now: for whom, and by which rule."""

    open: int
    details: str
    owners: list[OwnerAlerts]
    rules: list[RuleAlerts]


FIRING = {"status": "firing"}


def owner_alerts(counts: Sequence[OpenCount]) -> list[OwnerAlerts]:
    """Return one line for each owner, most alerts first."""
    lines = [
        OwnerAlerts(
            owner_id=owner_id,
            open=sum(count.open for count in own),
            oldest_starts_at=min(count.oldest_starts_at for count in own),
            details=link("/v1/alerts", **FIRING, owner_id=owner_id, has_owner=None if owner_id else False),
        )
        for owner_id in {count.owner_id for count in counts}
        if (own := [count for count in counts if count.owner_id == owner_id])
    ]
    return sorted(lines, key=lambda line: (-line.open, line.owner_id or ""))


def rule_alerts(counts: Sequence[OpenCount]) -> list[RuleAlerts]:
    """Return one line for each rule, most alerts first."""
    lines = [
        RuleAlerts(
            rule_id=rule_id,
            open=sum(count.open for count in own),
            oldest_starts_at=min(count.oldest_starts_at for count in own),
            details=link("/v1/alerts", **FIRING, rule_id=rule_id),
        )
        for rule_id in {count.rule_id for count in counts}
        if (own := [count for count in counts if count.rule_id == rule_id])
    ]
    return sorted(lines, key=lambda line: (-line.open, line.rule_id))
