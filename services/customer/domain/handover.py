"""The rules of a handover: at most one is open for a customer, and only its acceptance changes the owner."""

from dataclasses import dataclass, replace

from chassis.commands.decider import Decider, RejectedError
from contracts import customer as events
from contracts.customer.handover import HandoverEvent
from services.customer import commands
from services.customer.commands.handover import MAX_CHECKLIST, HandoverCommand


@dataclass(frozen=True, slots=True)
class Handover:
    """The last handover of the customer, if there was one. `settled` is the event that ended it."""

    started: events.HandoverStarted | None = None
    settled: HandoverEvent | None = None

    @property
    def open(self) -> events.HandoverStarted | None:
        return self.started if self.settled is None else None


def decide(handover: Handover, command: HandoverCommand) -> list[HandoverEvent]:
    """Return the events that result from `command`: none if it changes nothing."""
    match command:
        case commands.BeginHandover():
            return begun(handover, command)
        case commands.AcceptHandover():
            if isinstance(handover.settled, events.HandoverAccepted):
                return []
            started = require_open(handover)
            return [events.HandoverAccepted(owner_id=started.to_owner_id, note_ref=command.vault_ref("note"))]
        case commands.WithdrawHandover():
            if isinstance(handover.settled, events.HandoverWithdrawn):
                return []
            require_open(handover)
            return [events.HandoverWithdrawn(reason_ref=command.vault_ref("reason"))]
        case commands.EndHandover(reason=reason):
            return [events.HandoverWithdrawn(reason=reason)] if handover.open else []


def begun(handover: Handover, command: commands.BeginHandover) -> list[HandoverEvent]:
    request, known = command.request, handover.open
    if known is not None:
        if is_the_same(known, command):
            return accepted_at_once(command)
        raise RejectedError(
            "handover-open",
            f"A handover of this customer to {known.to_owner_id} is open. Accept or withdraw it first.",
            f"该客户正在交接给 {known.to_owner_id}，请先接受或撤回该交接。",
        )
    if request.to_owner_id == command.from_owner_id:
        raise RejectedError(
            "handover-to-owner",
            "This employee already owns the customer.",
            "该客户已由该员工负责。",
            "to_owner_id",
        )
    left_out = [max(0, len(found) - MAX_CHECKLIST) for found in (command.checklist, command.contracts)]
    return [
        events.HandoverStarted(
            batch_id=command.batch_id,
            from_owner_id=command.from_owner_id,
            to_owner_id=request.to_owner_id,
            to_leader_id=request.to_leader_id,
            is_leader_stated=command.is_leader_stated,
            reason=request.reason,
            checklist=command.checklist[:MAX_CHECKLIST],
            items_left_out=sum(left_out),
            contracts=command.contracts[:MAX_CHECKLIST],
        ),
        *accepted_at_once(command),
    ]


def is_the_same(known: events.HandoverStarted, command: commands.BeginHandover) -> bool:
    """Whether the open handover is the requested one. A leader that neither of them states may have changed."""
    request = command.request
    if known.to_owner_id != request.to_owner_id:
        return False
    return known.to_leader_id == request.to_leader_id or not (known.is_leader_stated or command.is_leader_stated)


def accepted_at_once(command: commands.BeginHandover) -> list[HandoverEvent]:
    return [events.HandoverAccepted(owner_id=command.request.to_owner_id)] if command.is_accepted else []


def require_open(handover: Handover) -> events.HandoverStarted:
    if handover.open is None:
        raise RejectedError(
            "no-handover",
            "This customer has no open handover. Start one first.",
            "该客户没有进行中的交接，请先发起交接。",
        )
    return handover.open


def owner_changed(owner_id: str | None) -> RejectedError:
    return RejectedError(
        "owner-changed",
        f"The owner has changed since the request: it is now {owner_id or 'nobody'}. The customer was not handed over.",
        f"发起之后，该客户的负责人已变更为 {owner_id or '无'}，未予交接。",
    )


def evolve(handover: Handover, event: HandoverEvent) -> Handover:
    """Apply one event. An event is never rejected: it has already happened."""
    match event:
        case events.HandoverStarted():
            return Handover(event)
        case events.HandoverAccepted() | events.HandoverWithdrawn():
            return replace(handover, settled=event)


HANDOVER: Decider[Handover] = Decider(initial=Handover(), decide=decide, evolve=evolve)
