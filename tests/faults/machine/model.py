"""What a customer's life must look like from outside: a few dicts, and the rules said once more, plainly."""

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
    """One command under its idempotency key. `if_match` is the version that the caller believes in."""

    key: str
    customer: UUID
    command: Command
    if_match: int | None = None


@dataclass(frozen=True)
class Told:
    """What the caller is told: a version, or the code of a refusal. `events` is how many facts that makes."""

    version: int = 0
    refusal: str = ""
    events: int = 0


@dataclass
class Model:
    """What must be so: each customer as a dict, each answer that was given for good, and which keys have an event."""

    customers: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    effective: set[str] = field(default_factory=set)

    def expect(self, order: Order) -> Told:
        """Return what the order must be told now; nothing changes."""
        if order.key in self.answers:
            return Told(self.answers[order.key])
        known = self.customers.get(order.customer, {})
        version = known.get("version", 0)
        if order.if_match not in (None, version):
            return Told(refusal="version-mismatch")
        news = news_of(known, order.command)
        return news if isinstance(news, Told) else Told(version + bool(news), events=int(bool(news)))

    def happen(self, order: Order) -> None:
        """Let the order have its effect, once."""
        told = self.expect(order)
        if order.key in self.answers or told.refusal:
            return
        known = self.customers.get(order.customer, {})
        news = news_of(known, order.command)
        if isinstance(news, dict):
            self.customers[order.customer] = known | news | {"version": told.version}
            self.answers[order.key] = told.version
        if news:
            self.effective.add(order.key)


def news_of(known: dict[str, Any], command: Command) -> dict[str, Any] | Told:
    """Return what a command changes, or its refusal."""
    match command:
        case Register(name=name):
            return {} if known else {"name": name, "stage": Stage.NEW, "tier": None, "industry": None}
        case _ if not known:
            return Told(refusal="customer-unknown")
        case ChangeProfile(profile=Profile(industry=industry)):
            return {"industry": industry}
        case ChangeStage(stage=stage) if stage == known["stage"]:
            return {}
        case ChangeStage(stage=stage) if stage in STEPS[known["stage"]]:
            return {"stage": stage}
        case ChangeStage():
            return Told(refusal="illegal-transition")
        case SetTier(tier=tier):
            return {} if tier == known["tier"] else {"tier": tier}
        case _:
            raise AssertionError(command)
