"""What the ladder of an alert does at an instant, and whom it reminds. Pure: the timer reads what this needs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from contracts.alerts import Rung, Whom
from contracts.event import Envelope
from services.alerts.commands import Escalate
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.ladder.definitions import Ladders
from services.alerts.ladder.rows import next_due, raised_last

# Whom each kind of rung reaches now; without an entry, nobody. Operations is a role: no employees.
Reached = Mapping[Whom, tuple[str, ...]]


class Due(NamedTuple):
    """A rung is due: what of the ladder is left after `level`. `version` is that of the event that raised the alert."""

    version: int
    level: int
    rungs: tuple[Rung, ...]


def look(envelopes: Sequence[Envelope[Any]], ladders: Ladders, muted: datetime | None, now: datetime) -> Due | datetime:
    """Return what is due now, or when to look again: NEVER_DUE if no rung is left."""
    due_at = next_due(envelopes, ladders, muted) or NEVER_DUE
    if due_at > now:
        return due_at
    # An alert that is raised again climbs its ladder from the start.
    raised = raised_last(envelopes)
    definition = ladders.of(raised).definition
    if work_begins := ladders.work_begins(definition.calendar, now):
        return work_begins
    level = envelopes[-1].event.escalation_level
    return Due(raised.version, level, definition.rungs[level:])


def next_rung(due: Due, reached: Reached) -> Escalate:
    """Return the command for the next rung that reaches somebody: an empty one is skipped at once.

    If none does, it is the command for the last rung, without employees: the ladder ends.
    """
    for level, rung in enumerate(due.rungs, due.level + 1):
        employee_ids = reached.get(rung.whom)
        if employee_ids is not None:
            return Escalate(level=level, rung=rung.whom, employee_ids=employee_ids)
    return Escalate(level=due.level + len(due.rungs), rung=due.rungs[-1].whom, employee_ids=())
