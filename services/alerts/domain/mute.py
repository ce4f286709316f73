"""The rules of a mute: of one rule, for one customer. A mute replaces an earlier one."""

from chassis.commands.decider import Decider
from contracts.alerts import MuteEvent, RuleMuted, RuleUnmuted
from services.alerts.commands.mute import MuteCommand, MuteRule, UnmuteRule
from services.alerts.domain.alert import require_soon

Event = MuteEvent


def decide(mute: RuleMuted | None, command: MuteCommand) -> list[Event]:
    """Return the events that `command` causes: none if there is no mute to end."""
    match command:
        case MuteRule(until=until):
            if until is not None:
                require_soon(until, command.at)
            fields = {"rule_id": command.rule_id, "muted_until": until, "reason_ref": command.vault_ref("reason")}
            return [RuleMuted.model_validate(fields)]
        case UnmuteRule():
            is_over = mute is None or (mute.muted_until is not None and mute.muted_until <= command.at)
            return [] if is_over else [RuleUnmuted(rule_id=command.rule_id)]


def evolve(_mute: RuleMuted | None, event: Event) -> RuleMuted | None:
    """Apply one event. An event is never refused: it has already happened."""
    return event if isinstance(event, RuleMuted) else None


MUTE: Decider[RuleMuted | None] = Decider(initial=None, decide=decide, evolve=evolve)
