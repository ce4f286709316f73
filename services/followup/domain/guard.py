"""The rules of one customer's guards: each trips once for as long as it holds, and is cleared once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chassis.commands.decider import Decider
from contracts import followup as events
from contracts.followup.guard import GuardEvent
from services.followup.commands.guard import Finding, Judge

Event = GuardEvent


@dataclass(frozen=True, slots=True)
class Guards:
    """How often each guard has tripped, and which hold now."""

    times: Mapping[events.Guard, int] = field(default_factory=dict)
    holding: frozenset[events.Guard] = frozenset()


def decide(guards: Guards, command: Judge) -> list[Event]:
    """Return what has changed: none where what trips is what tripped before."""
    found = {finding.guard for finding in command.findings}
    cleared: list[Event] = [
        events.GuardCleared(guard=guard, number=guards.times[guard]) for guard in sorted(guards.holding - found)
    ]
    return cleared + [tripped(guards, command, each) for each in command.findings if each.guard not in guards.holding]


def tripped(guards: Guards, command: Judge, finding: Finding) -> events.GuardTripped:
    return events.GuardTripped(
        number=guards.times.get(finding.guard, 0) + 1,
        **command.model_dump(exclude={"findings"}),
        **finding.model_dump(),
    )


def evolve(guards: Guards, event: Event) -> Guards:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case events.GuardTripped(guard=guard, number=number):
            return replace(guards, times={**guards.times, guard: number}, holding=guards.holding | {guard})
        case events.GuardCleared(guard=guard):
            return replace(guards, holding=guards.holding - {guard})


GUARDS: Decider[Guards] = Decider(initial=Guards(), decide=decide, evolve=evolve)
