"""The rules of a contract: signed for a term, renewed term by term, until it is ended."""

from dataclasses import dataclass, replace
from datetime import date

from chassis.commands.decider import Decider, RejectedError
from contracts import customer as events
from contracts.customer import RenewalIntent
from contracts.money import format_amount
from services.customer import commands

Event = events.ContractEvent


@dataclass(frozen=True, slots=True)
class Contract:
    """The state that later decisions need; read models hold everything else."""

    signed: events.ContractSigned
    starts_on: date
    ends_on: date | None
    intent: RenewalIntent
    renewed: events.ContractRenewed | None = None
    has_ended: bool = False


def decide(contract: Contract | None, command: commands.ContractCommand) -> list[Event]:
    """Return the events that result from `command`: none if it changes nothing."""
    match contract, command:
        case None, commands.SignContract():
            return [signed(command)]
        case None, _:
            raise RejectedError("contract-unknown", "This contract is not recorded.", "该合同尚未登记。")
        case Contract(signed=known), commands.SignContract():
            return repeated(known, signed(command))
        case Contract(has_ended=True), commands.EndContract():
            return []
        case Contract(intent=known_intent), commands.StateRenewalIntent(intent=intent) if intent is known_intent:
            return []
        case Contract(has_ended=True), _:
            raise RejectedError(
                "contract-ended",
                "This contract has ended. It cannot be renewed and has no renewal intent. Sign a new contract.",
                "该合同已终止，不能续签或登记续签意向；请签订新合同。",
            )
        case Contract(), commands.EndContract(reason=reason):
            return [events.ContractEnded(reason=reason)]
        case Contract(), commands.StateRenewalIntent(intent=intent):
            return [events.RenewalIntentStated(intent=intent)]
        case Contract(), commands.RenewContract():
            return renewed(contract, command)


def signed(command: commands.SignContract) -> events.ContractSigned:
    named = command.external
    return events.ContractSigned(
        external_system=named.system if named else None,
        external_id=named.id if named else None,
        **command.model_dump(exclude={"external", "occurred_at"}),
    )


def repeated(known: events.ContractSigned, received: events.ContractSigned) -> list[Event]:
    """Return no events for the same contract; raise RejectedError if more than the renewal intent differs."""
    ignored = {"renewal_intent"}
    if known.model_dump(exclude=ignored) != received.model_dump(exclude=ignored):
        amount = format_amount(known.amount_minor, known.currency)
        raise RejectedError(
            "contract-differs",
            f"This contract is recorded from {known.starts_on} to {known.ends_on or 'open end'} with {amount}."
            " A signed contract does not change; renew or end it.",
            f"该合同已登记：{known.starts_on} 至 {known.ends_on or '无期限'}，金额为 {amount}；"
            "已签内容不可更改，可续签或终止。",
        )
    return []


def renewed(contract: Contract, command: commands.RenewContract) -> list[Event]:
    event = events.ContractRenewed(**command.model_dump(exclude={"occurred_at"}))
    if event == contract.renewed:
        return []
    last_day = contract.ends_on or contract.starts_on
    if command.starts_on <= last_day:
        raise RejectedError(
            "renewal-too-early",
            f"A renewal must start after the present term. The last known day of the term is {last_day}.",
            f"续签须从现有期限之后开始，现有期限最后一天为 {last_day}。",
            "starts_on",
        )
    return [event]


def evolve(contract: Contract | None, event: Event) -> Contract | None:
    """Apply one event. An event is never rejected: it has already happened."""
    match event:
        case events.ContractSigned(starts_on=starts_on, ends_on=ends_on, renewal_intent=intent):
            return Contract(event, starts_on, ends_on, intent)
        case events.RenewalIntentStated(intent=intent):
            return contract and replace(contract, intent=intent)
        case events.ContractRenewed(starts_on=starts_on, ends_on=ends_on):
            intent = RenewalIntent.UNKNOWN
            return contract and replace(contract, starts_on=starts_on, ends_on=ends_on, intent=intent, renewed=event)
        case events.ContractEnded():
            return contract and replace(contract, has_ended=True)


CONTRACT: Decider[Contract | None] = Decider(initial=None, decide=decide, evolve=evolve)
