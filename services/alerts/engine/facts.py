"""The engine's facts about one customer: only what it needs to compute silence."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from contracts import customer, followup
from contracts.customer import Mode, NeedStatus, Stage, mode_of
from contracts.event import Envelope
from services.alerts.engine.contact_definition import HUMAN_CONTACT
from services.alerts.engine.months import month_of, with_order
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.order_undone import OrderUndone
from services.alerts.engine.owed_items import Items, complaints_after, open_items, reassigned, tasks_after
from services.alerts.engine.rings import Packed, with_event
from services.alerts.engine.signals import signal_of
from services.alerts.engine.terms import terms_after
from services.alerts.engine.zone import BUSINESS_ZONE

OF_TASK = (followup.TaskScheduled, followup.TaskRescheduled, followup.TaskCompleted, followup.TaskCancelled)
OF_COMPLAINT = (
    followup.ComplaintRaised,
    followup.ComplaintTargetSet,
    followup.ComplaintTargetChanged,
    followup.ComplaintPaused,
    followup.ComplaintReclassified,
    followup.ComplaintReopened,
    followup.ComplaintAnswered,
    followup.ComplaintClosed,
    followup.ComplaintLinked,
    followup.ComplaintEscalated,
)
# While a file is being imported, later rows may still show that a customer is not silent.
IMPORT_SETTLES_AFTER = timedelta(seconds=30)
# Of one need. The number of needs of a customer is limited by the customer service.
MAX_STATEMENTS = 8
MAX_SCORES = 8
# The fields of the profile that the conditions of rules may name. None of them identifies a person.
PROFILE: Final = ("region", "industry", "customer_kind", "potential")


@dataclass(frozen=True, slots=True)
class Warned:
    """What another service has told of a customer, and what ended it."""

    since: Occurrence
    settled: Occurrence | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """The answer to a survey, in percent of its scale."""

    at: datetime
    cause: UUID
    percent: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about one customer. They do not depend on the order of events of different services."""

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
    profile: dict[str, str] = field(default_factory=dict)
    last_contact: Occurrence | None = None
    # The last contact that a source states. It can be cleared.
    stated_contact: Occurrence | None = None
    # Whether all events since the registration are in these facts: builds before 0033 did not keep all signals.
    is_complete: bool = False
    # The latest signal of each name, except contacts and open needs.
    signals: dict[str, Occurrence] = field(default_factory=dict)
    # The statements of each open need, oldest first.
    needs: dict[str, tuple[Occurrence, ...]] = field(default_factory=dict)
    guards: dict[str, Warned] = field(default_factory=dict)
    tasks: Items = field(default_factory=dict)
    complaints: Items = field(default_factory=dict)
    terms: Items = field(default_factory=dict)
    # The newest events of each kind that is counted, packed.
    rings: dict[str, Packed] = field(default_factory=dict)
    # Orders by currency and month.
    months: dict[str, tuple[int, int]] = field(default_factory=dict)
    # The newest answers to surveys, oldest first.
    scores: tuple[Scored, ...] = ()
    quiet_until: datetime | None = None
    erased: Occurrence | None = None
    # The facts of each duplicate while it is merged into this customer (ADR 0013).
    absorbed: "dict[UUID, Facts]" = field(default_factory=dict)
    # If this is a duplicate: the customer that it was merged into, and when.
    merged_into: UUID | None = None
    merged: Occurrence | None = None

    @property
    def mode(self) -> Mode | None:
        return mode_of(self.stage) if self.registered else None

    @property
    def latest_contact(self) -> Occurrence | None:
        return latest(self.last_contact, self.stated_contact)


def evolve(facts: Facts, envelope: Envelope[Any]) -> Facts:
    """Apply one event of any service."""
    occurrence = Occurrence(envelope.occurred_at, envelope.id)
    facts = with_signal(with_quiet(facts, envelope), envelope.event, occurrence)
    facts = with_attributes(facts, envelope.event)
    facts = with_owed(with_measured(facts, envelope.event, occurrence, envelope.recorded_at), envelope, occurrence)
    match envelope.event:
        case customer.Registered(name=name):
            since = facts.stage_since or occurrence
            return replace(facts, registered=occurrence, stage_since=since, name=name, is_complete=True)
        case customer.Renamed(name=name):
            return replace(facts, name=name)
        case customer.ProfileChanged(last_contacted_at=datetime() as at):
            return replace(facts, stated_contact=latest(facts.stated_contact, Occurrence(at, envelope.id)))
        case customer.ProfileChanged(cleared=cleared) if "last_contacted_at" in cleared:
            return replace(facts, stated_contact=None)
        case customer.StageChanged(stage=stage):
            is_back = mode_of(facts.stage) is None and mode_of(stage) is not None
            won_back = occurrence if is_back else facts.won_back
            return replace(facts, stage=stage, stage_since=occurrence, won_back=won_back)
        case customer.TierChanged(scheme="default", tier=tier):
            return replace(facts, tier=tier)
        case customer.NeedStated():
            return replace(facts, needs=needs_after(facts.needs, envelope.event, occurrence))
        case customer.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            return replace(facts, owner_id=owner_id, leader_id=leader_id)
        case customer.CustomerErased():
            return replace(facts, erased=occurrence)
        case followup.ContactLogged() if HUMAN_CONTACT.counts(envelope.event):
            return replace(facts, last_contact=latest(facts.last_contact, occurrence))
        case followup.GuardTripped() | followup.GuardCleared():
            return replace(facts, guards=guards_after(facts.guards, envelope.event, occurrence))
        case _:
            return facts


def with_owed(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    """Return the facts with what is owed after an event."""
    event = envelope.event
    if isinstance(event, followup.TaskReassigned):
        return replace(facts, tasks=reassigned(event.assignee_id, envelope.stream_id, facts.tasks))
    if isinstance(event, followup.ComplaintAssigned):
        complaints = reassigned(event.owner_id, envelope.stream_id, facts.complaints)
        return replace(facts, complaints=complaints, terms=reassigned(event.owner_id, envelope.stream_id, facts.terms))
    terms = terms_after(facts.terms, envelope, occurrence)
    if isinstance(event, OF_TASK):
        return replace(facts, tasks=tasks_after(facts.tasks, envelope, occurrence))
    if isinstance(event, OF_COMPLAINT):
        return replace(facts, complaints=complaints_after(facts.complaints, envelope, occurrence), terms=terms)
    return facts if terms is facts.terms else replace(facts, terms=terms)


def with_measured(facts: Facts, event: Any, occurrence: Occurrence, recorded_at: datetime) -> Facts:
    """Return the facts with the event in what is counted and measured."""
    match event:
        case customer.OrderPlaced(currency=currency, amount_minor=amount) if occurrence.at <= recorded_at:
            month = month_of(occurrence.at, BUSINESS_ZONE)
            facts = replace(facts, months=with_order(facts.months, currency, month, amount, 1))
        case OrderUndone(currency=currency, amount_minor=amount, placed_at=at):
            undone = with_order(facts.months, currency, month_of(at, BUSINESS_ZONE), -amount, -1)
            facts = replace(facts, months=undone)
        case followup.SurveyAnswered(question=question, score=score):
            percent = (score - question.lowest) * 100 // (question.highest - question.lowest)
            facts = replace(facts, scores=newest((*facts.scores, Scored(occurrence.at, occurrence.cause, percent))))
        case _:
            pass
    after = with_event(facts.rings, event, occurrence)
    return facts if after is facts.rings else replace(facts, rings=dict(after))


def newest(scores: tuple[Scored, ...]) -> tuple[Scored, ...]:
    """Return the newest scores, oldest first."""
    return tuple(sorted(set(scores), key=lambda each: (each.at, each.cause))[-MAX_SCORES:])


def with_quiet(facts: Facts, envelope: Envelope[Any]) -> Facts:
    """Return the facts without alerts for some seconds, if the event came from a file."""
    if envelope.metadata.origin is None:
        return facts
    until = envelope.recorded_at + IMPORT_SETTLES_AFTER
    return replace(facts, quiet_until=max(until, facts.quiet_until or until))


def with_attributes(facts: Facts, event: Any) -> Facts:
    """Return the facts with a changed tag or profile."""
    match event:
        case customer.TagAdded(tag=tag):
            return replace(facts, tags=tuple(sorted({*facts.tags, tag})))
        case customer.TagRemoved(tag=tag):
            return replace(facts, tags=tuple(each for each in facts.tags if each != tag))
        case customer.ProfileChanged() if changes := {
            key: each for key, each in event.changes().items() if key in PROFILE
        }:
            profile = {key: each for key, each in (facts.profile | changes).items() if each is not None}
            return replace(facts, profile=profile)
        case _:
            return facts


def with_signal(facts: Facts, event: Any, occurrence: Occurrence) -> Facts:
    """Return the facts with the event as the latest signal of its name, if it is a signal and none is later."""
    name = signal_of(event)
    if name is None:
        return facts
    return replace(facts, signals=latest_of_each(facts.signals, {name: occurrence}))


def latest_of_each(known: Mapping[str, Occurrence], other: Mapping[str, Occurrence]) -> dict[str, Occurrence]:
    """Return the later signal of each name."""
    found = dict(known)
    for name, occurrence in other.items():
        found[name] = latest(found.get(name), occurrence) or occurrence
    return found


def needs_after(
    needs: Mapping[str, tuple[Occurrence, ...]], event: customer.NeedStated, occurrence: Occurrence
) -> dict[str, tuple[Occurrence, ...]]:
    """Add a statement of a need, or forget a need that is met or gone. Of many, the oldest and the latest are kept."""
    others = {key: stated for key, stated in needs.items() if key != event.need}
    if event.status is not NeedStatus.OPEN:
        later = tuple(each for each in needs.get(event.need, ()) if each.at > occurrence.at)
        return {**others, event.need: later} if later else others
    stated = sorted((*needs.get(event.need, ()), occurrence), key=lambda each: each.at)
    return {**others, event.need: (*stated[: MAX_STATEMENTS - 1], *stated[MAX_STATEMENTS - 1 :][-1:])}


def guards_after(
    guards: Mapping[str, Warned], event: followup.GuardTripped | followup.GuardCleared, occurrence: Occurrence
) -> dict[str, Warned]:
    """Begin or end what a guard tells."""
    if isinstance(event, followup.GuardTripped):
        return {**guards, event.guard: Warned(occurrence)}
    known = guards.get(event.guard)
    return {**guards, event.guard: replace(known, settled=occurrence)} if known else dict(guards)


def without_settled(facts: Facts) -> Facts:
    """Drop settled items, once their alerts were evaluated."""
    if facts.absorbed:
        facts = replace(facts, absorbed={key: without_settled(each) for key, each in facts.absorbed.items()})
    items = (*facts.tasks.values(), *facts.complaints.values(), *facts.terms.values())
    is_settled = any(each.settled for each in items) or any(each.settled for each in facts.guards.values())
    if not is_settled:
        return facts
    return replace(
        facts,
        tasks=open_items(facts.tasks),
        complaints=open_items(facts.complaints),
        terms=open_items(facts.terms),
        guards={key: told for key, told in facts.guards.items() if told.settled is None},
    )
