"""The engine's facts about one customer: only what it needs to compute silence."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.customer import Mode, Stage, mode_of
from services.alerts.engine.months import Months
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.owed_items import Items, open_items
from services.alerts.engine.rings import Rings

# The fields of the profile that the conditions of rules may name. None of them identifies a person.
PROFILE: Final = ("region", "industry", "customer_kind", "potential")


class Warned(Struct, frozen=True, omit_defaults=True, gc=False):
    """What another service has told of a customer, and what ended it."""

    since: Occurrence
    settled: Occurrence | None = None


class Scored(Struct, frozen=True, array_like=True, gc=False):
    """The answer to a survey, in percent of its scale."""

    at: datetime
    cause: UUID
    percent: int


class Schemes(Struct, frozen=True, array_like=True, gc=False):
    """The tiers in other schemes than the default one, and the schemes with an open proposal of a tier."""

    tiers: dict[str, str] = {}
    proposed: tuple[str, ...] = ()


class Failed(Struct, frozen=True, array_like=True, gc=False):
    """An event of which it is not known whether a rule counts it, and why."""

    event: Occurrence
    reason: str


class Facts(Struct, frozen=True, array_like=True, gc=False):
    """The facts about one customer. They do not depend on the order of events of different services.

    They are stored as an array: further fields go to the end.
    """

    registered: Occurrence | None = None
    name: str | None = None
    stage: Stage = Stage.NEW
    stage_since: Occurrence | None = None
    # When a lost customer was won back the last time: what was before is forgiven.
    won_back: Occurrence | None = None
    tier: str | None = None
    owner_id: str | None = None
    leader_id: str | None = None
    tags: tuple[str, ...] = ()
    profile: dict[str, str] = {}
    last_contact: Occurrence | None = None
    # The last contact that a source states. It can be cleared.
    stated_contact: Occurrence | None = None
    # Whether all events since the registration are in these facts: builds before 0033 did not keep all signals.
    is_complete: bool = False
    # The latest signal of each name, except contacts and open needs.
    signals: dict[str, Occurrence] = {}
    # The statements of each open need, oldest first.
    needs: dict[str, tuple[Occurrence, ...]] = {}
    guards: dict[str, Warned] = {}
    tasks: Items = {}
    complaints: Items = {}
    terms: Items = {}
    # The newest events of each kind that is counted, packed.
    rings: Rings = {}
    # Orders by currency and month.
    months: Months = {}
    # The newest answers to surveys, oldest first.
    scores: tuple[Scored, ...] = ()
    quiet_until: datetime | None = None
    erased: Occurrence | None = None
    # The facts of each duplicate while it is merged into this customer (ADR 0013).
    absorbed: "dict[UUID, Facts]" = {}
    # If this is a duplicate: the customer that it was merged into, and when.
    merged_into: UUID | None = None
    merged: Occurrence | None = None
    # The newest key dates, oldest first.
    key_dates: tuple[Occurrence, ...] = ()
    # Absent if a build has registered the customer that did not keep them. A rebuild adds them.
    schemes: Schemes | None = None
    # The features whose rings are complete, in alphabetical order. An empty ring is not stored.
    features: tuple[str, ...] = ()
    # The latest failure of each feature.
    failed: dict[str, Failed] = {}

    @property
    def mode(self) -> Mode | None:
        return mode_of(self.stage) if self.registered is not None else None

    @property
    def latest_contact(self) -> Occurrence | None:
        return latest(self.last_contact, self.stated_contact)


def without_settled(facts: Facts) -> Facts:
    """Drop settled items, once their alerts were evaluated."""
    if facts.absorbed:
        facts = replace(facts, absorbed={key: without_settled(each) for key, each in facts.absorbed.items()})
    if not has_settled(facts):
        return facts
    return replace(
        facts,
        tasks=open_items(facts.tasks),
        complaints=open_items(facts.complaints),
        terms=open_items(facts.terms),
        guards={key: told for key, told in facts.guards.items() if told.settled is None},
    )


def has_settled(facts: Facts) -> bool:
    for items in (facts.tasks, facts.complaints, facts.terms, facts.guards):
        for each in items.values() if items else ():
            if each.settled is not None:
                return True
    return False
