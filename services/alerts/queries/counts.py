"""Counts the open alerts by rule, owner and severity."""

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from contracts.alerts import AlertSeverity
from services.alerts.queries.visibility import Readers, may_see

OPEN = f"""
    SELECT a.rule_id, a.owner_id, a.payload ->> 'severity' AS severity, count(*) AS open FROM alert a
    WHERE a.status IN ('firing', 'acknowledged')
      AND {may_see("a", "$1")}
    GROUP BY 1, 2, 3
"""  # noqa: S608 - fixed text


class RuleCount(BaseModel):
    rule_id: str
    open: int


class OwnerCount(BaseModel):
    """`owner_id` is null for alerts on which nobody has to act."""

    owner_id: str | None
    open: int


class SeverityCount(BaseModel):
    severity: AlertSeverity
    open: int


class AlertCounts(BaseModel):
    """The number of open alerts that the caller may see, each list with the highest number first."""

    open: int
    rules: list[RuleCount]
    owners: list[OwnerCount]
    severities: list[SeverityCount]


async def count_open(pool: Pool, visible_to: Readers) -> AlertCounts:
    rows = [tuple(row) for row in await fetch_planned(pool, OPEN, visible_to)]
    rules, owners, severities = (summed((row[column], row[3]) for row in rows) for column in range(3))
    return AlertCounts(
        open=sum(row[3] for row in rows),
        rules=[RuleCount(rule_id=str(key), open=number) for key, number in rules],
        owners=[OwnerCount(owner_id=key, open=number) for key, number in owners],
        severities=[SeverityCount(severity=AlertSeverity(str(key)), open=number) for key, number in severities],
    )


def summed(counts: Iterable[tuple[str | None, int]]) -> list[tuple[str | None, int]]:
    """Return the sum of each key, the highest first."""
    total: Counter[str | None] = Counter()
    for key, number in counts:
        total[key] += number
    return sorted(total.items(), key=lambda each: (-each[1], each[0] or ""))
