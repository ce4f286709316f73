"""The model of the customer service: a few dicts, and a second, simple implementation of its rules."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from chassis.commands.command import Command
from contracts.customer import Stage
from contracts.examples import CUSTOMER_ID
from services.customer.commands import ChangeProfile, ChangeStage, Profile, Register, SetTier

CUSTOMERS = [uuid5(CUSTOMER_ID, f"sequence-{number}") for number in range(2)]
STEPS = {Stage.NEW: {"interested", "lost"}, Stage.INTERESTED: {"lost"}, Stage.LOST: {"interested"}}
REASONS = {"lost": "price", "interested": "won-back"}


@dataclass(frozen=True)
class Order:
    """One command with its idempotency key. `if_match` is the version that the caller expects."""

    key: str
    customer: UUID
    command: Command
    if_match: int | None = None


@dataclass(frozen=True)
class Expected:
    """The response: a version, or the code of a refusal. `events` is the number of events that the command adds."""

    version: int = 0
    refusal: str = ""
    events: int = 0


@dataclass
class Model:
    """The expected state: customers as dicts, stored responses by key, and the keys that have an event."""

    customers: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    effective: set[str] = field(default_factory=set)

    def expect(self, order: Order) -> Expected:
        """Return the expected response to the order, without an effect."""
        if order.key in self.answers:
            return Expected(self.answers[order.key])
        known = self.customers.get(order.customer, {})
        version = known.get("version", 0)
        if order.if_match not in (None, version):
            return Expected(refusal="version-mismatch")
        change = change_of(known, order.command)
        return change if isinstance(change, Expected) else Expected(version + bool(change), events=int(bool(change)))

    def apply(self, order: Order) -> None:
        """Apply the effect of the order, once."""
        expected = self.expect(order)
        if order.key in self.answers or expected.refusal:
            return
        known = self.customers.get(order.customer, {})
        change = change_of(known, order.command)
        if isinstance(change, dict):
            self.customers[order.customer] = known | change | {"version": expected.version}
            self.answers[order.key] = expected.version
        if change:
            self.effective.add(order.key)


def change_of(known: dict[str, Any], command: Command) -> dict[str, Any] | Expected:
    """Return what a command changes, or its refusal."""
    match command:
        case Register(name=name):
            return {} if known else {"name": name, "stage": Stage.NEW, "tier": None, "industry": None}
        case _ if not known:
            return Expected(refusal="customer-unknown")
        case ChangeProfile(profile=Profile(industry=industry)):
            return {"industry": industry}
        case ChangeStage(stage=stage) if stage == known["stage"]:
            return {}
        case ChangeStage(stage=stage) if stage in STEPS[known["stage"]]:
            return {"stage": stage}
        case ChangeStage():
            return Expected(refusal="illegal-transition")
        case SetTier(tier=tier):
            return {} if tier == known["tier"] else {"tier": tier}
        case _:
            raise AssertionError(command)
