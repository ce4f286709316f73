"""Compares the findings of a customer with its open episodes: each episode is raised once and ended once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from contracts.alerts import AlertCleared, AlertWithdrawn
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.changes import CareReporting, Carrying, Ending, Moving, Readdressing
from services.alerts.engine.episode import Episode
from services.alerts.engine.facts import Facts, without_settled
from services.alerts.engine.findings import Finding, find
from services.alerts.engine.matching import Matches, doubled, match
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.raising import Begun, begun
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.rule_set import RuleSet
from services.alerts.engine.stretch import NEVER_DUE, Beginning

# What an evaluation causes. An episode that begins becomes a change of its alert once its event is needed.
Change: TypeAlias = Begun | Ending | Moving | Readdressing | Carrying | CareReporting


class CustomerState(Struct, frozen=True, omit_defaults=True, gc=False):
    """The facts about one customer, and its open episodes by alert id."""

    facts: Facts = field(default_factory=Facts)
    open: dict[str, Episode] = {}
    # The latest instant at which the customer was judged: a window that had closed by then is over.
    judged_until: datetime | None = None


class Moment(Struct, frozen=True, gc=False):
    """When a customer is evaluated.

    `now` is the clock. `instant` is what the customer is judged at: the time at which an event was recorded, or, if
    `is_complete`, a time up to which all events have been received. With `rules_changed`, nothing but the rules has
    changed since the last evaluation.
    """

    now: datetime
    instant: datetime
    is_complete: bool = False
    # Windows that close by this instant are over: the instants of the feeds may go back, and no alert is raised again.
    over_until: datetime | None = None
    rules_changed: bool = False
    # The rules that an event may concern; all rules if absent. The episodes of other rules stay as they are.
    judged: RuleSet | None = None

    def not_before(self, judged_until: datetime | None) -> "Moment":
        """Return the moment for a customer that was judged until then."""
        if judged_until is None or judged_until <= self.instant:
            return self
        return replace(self, over_until=judged_until)


class Evaluation(Struct, frozen=True, gc=False):
    """The result of an evaluation: the new state, the changes, and the earliest times of the next evaluation.

    `items_due_at` is that of the items, `rest_due_at` that of everything else.
    """

    state: CustomerState
    changes: Sequence[Change]
    rest_due_at: datetime
    items_due_at: datetime

    @property
    def next_due_at(self) -> datetime:
        return min(self.rest_due_at, self.items_due_at)


def evaluate(customer_id: UUID, state: CustomerState, rules: RuleBook, moment: Moment) -> Evaluation:
    """Compare the findings with the open alerts.

    Ending an alert needs only the facts. Raising one states that nothing happened, so the facts must be complete up to
    the instant; but what has happened too often is raised at once. Open alerts are compared at `now`: the instant may
    be earlier, and would end an alert that an event has just left open. The episodes of a rule whose condition fails on
    the customer stay as they are.
    """
    facts = with_absorbed(state.facts)
    moment = moment.not_before(state.judged_until)
    episodes = judged_of(state, facts, rules, moment) if state.open else {}
    has_open = {episode.rule_id for episode in episodes.values()} if episodes else ()
    findings = find(facts, rules, moment.judged, state.judged_until, has_open)
    if not findings and not episodes:
        return Evaluation(after(state, state.open, moment), [], NEVER_DUE, NEVER_DUE)
    still_open, changes, windows = state.open, list[Change](), list[datetime]()
    if episodes:
        matches = match(episodes, findings, moment.now)
        still_open, changes = compare(state, matches, facts, rules, moment)
        known = [(finding, state.open[key]) for key, finding in matches.items() if finding]
        windows = [each.stretch.closes_at for each, _ in known]
        going_on = {id(finding) for finding, episode in known if holds(finding, episode, moment)}
        findings = [each for each in findings if id(each) not in going_on]
    beginning, rest_due_at, items_due_at = begin(findings, facts, moment)
    if beginning:
        started = [begun(customer_id, facts, finding, rules, moment.instant) for finding in beginning]
        still_open = still_open | {str(each.alert_id): each.episode for each in started}
        changes += started
        windows += [each.stretch.closes_at for each in beginning if not each.rule.condition.is_of_items]
    if facts.quiet_until:
        rest_due_at, items_due_at = max(rest_due_at, facts.quiet_until), max(items_due_at, facts.quiet_until)
    if windows:
        # Those of items never close.
        rest_due_at = min(rest_due_at, earliest(windows, moment))
    return Evaluation(after(state, still_open, moment), changes, rest_due_at, items_due_at)


def after(state: CustomerState, still_open: dict[str, Episode], moment: Moment) -> CustomerState:
    """Return the state after an evaluation."""
    return CustomerState(without_settled(state.facts), still_open, over(moment))


def begin(findings: Iterable[Finding], facts: Facts, moment: Moment) -> tuple[list[Finding], datetime, datetime]:
    """Return the findings that begin an episode now, when the next other one is due, and the next one of an item."""
    beginning, begins_at = [], over(moment)
    rest_due_at = items_due_at = NEVER_DUE
    is_quiet = is_in_import(facts, moment.instant)
    for each in findings:
        stretch = each.stretch
        if stretch.closes_at <= begins_at or not each.is_awaited:
            continue
        if not is_quiet and stretch.due_at <= moment.instant and is_known(each, moment):
            beginning.append(each)
        elif each.rule.condition.is_of_items:
            items_due_at = min(items_due_at, stretch.due_at)
        elif stretch.due_at < rest_due_at:
            rest_due_at = stretch.due_at
    return beginning, rest_due_at, items_due_at


def judged_of(state: CustomerState, facts: Facts, rules: RuleBook, moment: Moment) -> Mapping[str, Episode]:
    """Return the open episodes of the rules that are judged. The condition of a rule may have failed."""
    episodes = state.open
    if moment.judged is not None:
        ids = moment.judged.ids
        episodes = {key: episode for key, episode in episodes.items() if episode.rule_id in ids}
    if not episodes or not rules.selecting or facts.registered is None or facts.erased:
        return episodes
    failed = rules.condition_failures(facts)
    return {key: episode for key, episode in episodes.items() if episode.rule_id not in failed}


def compare(
    state: CustomerState, matches: Matches, facts: Facts, rules: RuleBook, moment: Moment
) -> tuple[dict[str, Episode], list[Change]]:
    """Return the episodes that stay open, and how open episodes change.

    A double of a merge stays as it is while the other one goes on, so nothing is lost when the merge is undone.
    """
    still_open: dict[str, Episode] = {}
    changes: list[Change] = []
    doubles = doubled(state.open, matches)
    for key, episode in state.open.items():
        finding = matches.get(key) or doubles.get(key)
        if key not in matches or is_unknown(facts, episode):
            still_open[key] = episode
        elif finding is None or not holds(finding, episode, moment):
            changes.append(end(episode, finding, facts, rules, moment))
        elif key in doubles:
            still_open[key] = episode
        else:
            still_open[key], found = go_on(episode, finding, facts, moment)
            changes += found
    return still_open, changes


def is_unknown(facts: Facts, episode: Episode) -> bool:
    """Return whether an alert was carried to a customer whose registration has not been received yet."""
    return episode.origin is not None and facts.registered is None and not facts.erased


def holds(finding: Finding, episode: Episode, moment: Moment) -> bool:
    """Return whether a rule is still broken. It was at the start of the episode, although this clock may be behind."""
    is_due = finding.due_at <= moment.now or finding.due_at <= episode.starts_at
    return finding.settled is None and is_due and over(moment) < finding.closes_at


def over(moment: Moment) -> datetime:
    return moment.over_until or moment.instant


def is_known(finding: Finding, moment: Moment) -> bool:
    """Return whether the facts suffice to say that a finding which is due is true."""
    return moment.is_complete or finding.rule.condition.at_once


def earliest(times: Iterable[datetime], moment: Moment) -> datetime:
    """Return the earliest time after the instant, or NEVER_DUE."""
    return min((each for each in times if each > over(moment)), default=NEVER_DUE)


def is_in_import(facts: Facts, instant: datetime) -> bool:
    return facts.quiet_until is not None and instant < facts.quiet_until


def go_on(episode: Episode, finding: Finding, facts: Facts, moment: Moment) -> tuple[Episode, list[Change]]:
    """Return an episode that stays open, and its changes: another beginning, another employee."""
    since, owner_id = finding.since, finding.stretch.employee_id
    changes: list[Change] = []
    found = replace(episode, owner_id=owner_id)
    if finding.rule.condition.beginning is Beginning.MOVES and since.at != episode.silent_since:
        changes.append(Moving(episode, since.at, finding.due_at, moment.now, since.cause))
        found = replace(found, silent_since=since.at, starts_at=finding.due_at)
    if owner_id != episode.owner_id:
        changes.append(Readdressing(episode, owner_id, facts.owner_id, facts.leader_id, moment.now, None))
    return found, changes


def end(episode: Episode, finding: Finding | None, facts: Facts, rules: RuleBook, moment: Moment) -> Ending:
    """Return how an open episode ends.

    An occurrence before the start of the alert, recorded late, withdraws it. A later occurrence clears it. So does a
    change that allows more time (a new tier or mode, a new target, a pause), and the end of a window.
    """
    if finding and finding.settled is None and finding.closes_at <= over(moment):
        return Ending(episode, AlertCleared, finding.closes_at, moment.now, None)
    if ending := changed_rules(episode, facts, rules, moment):
        return ending
    by = finding.settled if finding else ended_by(episode, facts, rules)
    ends_at = by.at if by else moment.now
    kind = AlertWithdrawn if ends_at <= episode.starts_at else AlertCleared
    return Ending(episode, kind, max(ends_at, episode.silent_since), moment.now, by.cause if by else None)


def changed_rules(episode: Episode, facts: Facts, rules: RuleBook, moment: Moment) -> Ending | None:
    """Return how an episode ends because its rule was retired, or a version of it was published that allows more."""
    retired = rules.retired.get(episode.rule_id)
    if not moment.rules_changed and (retired is None or facts.erased or facts.merged):
        return None
    changed = rules.changed(episode.rule_id)
    cause = changed.cause if changed and changed.at >= episode.starts_at else None
    return Ending(episode, AlertCleared, moment.now, moment.now, cause)


def ended_by(episode: Episode, facts: Facts, rules: RuleBook) -> Occurrence | None:
    """Return what ended an episode: the customer's erasure, or what its rule says.

    A contact that was recorded late may be earlier than the registration from which the silence was counted.
    """
    if facts.erased or facts.merged:
        return facts.erased or facts.merged
    rule = rules.rule(episode.rule_id)
    return rule.condition.ended_by(facts, episode.silent_since) if rule else None
