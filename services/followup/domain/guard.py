"""The rules of a customer's guards: a guard trips once when its finding starts, and is cleared once when it ends."""

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
    """Return the changes: none if the same guards trip as before."""
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
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.GuardTripped(guard=guard, number=number):
            return replace(guards, times={**guards.times, guard: number}, holding=guards.holding | {guard})
        case events.GuardCleared(guard=guard):
            return replace(guards, holding=guards.holding - {guard})


GUARDS: Decider[Guards] = Decider(initial=Guards(), decide=decide, evolve=evolve)
