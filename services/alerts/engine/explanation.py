"""Explains why a rule has raised an alert for a customer, or why not: which condition is not met, when it will be due.

Pure. It uses the stretches and the matching of the engine, so that an explanation and an alert never differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.causes import causes_of
from services.alerts.engine.episode import Episode
from services.alerts.engine.episodes import CustomerState, is_in_import
from services.alerts.engine.facts import Facts
from services.alerts.engine.failures import Failure, failures
from services.alerts.engine.findings import Finding, find
from services.alerts.engine.matching import match
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.engine.unmet import in_words
from services.alerts.engine.words import Words, length, length_zh, local_time, scope, scope_zh

# What has to happen before a rule of a shape has anything to watch.
NOTHING: Final[Mapping[str, Words]] = {
    "silence": Words(
        "What starts the silence has not happened, or has been followed.", "沉默的起点尚未出现，或之后已有后续。"
    ),
    "owed": Words("Nothing of this kind is owed.", "没有此类待办事项。"),
    "told": Words("No service has reported this, or it is over.", "没有服务报告此情况，或已结束。"),
    "count": Words("It has not happened often enough.", "发生次数未达到上限。"),
    "trend": Words("The measure is not bad, or has too few values.", "指标未恶化，或数据不足。"),
    "level": Words("The score is not low, or there is none that counts.", "得分未低于下限，或没有有效得分。"),
}
NOTHING_KNOWN: Final = Words("There is nothing that the rule could watch.", "没有该规则可监控的内容。")

EXPRESSION_FAILED: Final = "expression-failed"


class Reason(NamedTuple):
    """Why something is as it is. The codes never change."""

    code: str
    text: Words


class Completeness(NamedTuple):
    """Up to when the facts of a customer are complete, and whether some of them could not be applied."""

    until: datetime | None
    has_parked_events: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """What a rule watches. `due_at` is absent while nothing is due. With `alert_id`, the alert is open."""

    since: datetime
    due_at: datetime | None
    concerns_id: UUID | None
    owner_id: str | None
    alert_id: UUID | None
    causes: tuple[UUID, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule and a customer. `reason` says why the rule watches nothing; it is absent if it does."""

    rule: Rule
    reason: Reason | None
    watched: Sequence[Watched]


def explain(state: CustomerState, rules: RuleBook, completeness: Completeness, now: datetime) -> Iterator[Explanation]:
    """Yield each rule in force, with what it watches of the customer: open alerts first, then what is due first."""
    facts = with_absorbed(state.facts)
    findings = list(find(facts, rules))
    matches = match(state.open, findings, now)
    episodes = {id(found): episode for key, episode in state.open.items() if (found := matches[key])}
    failed = failures(facts, rules, now)
    others = [episode for key, episode in state.open.items() if matches[key] is None]
    behind = causes_behind(others, facts, rules, now)
    for rule in rules.rules:
        own = [each for each in findings if each.rule is rule and each.settled is None and now < each.closes_at]
        own = [each for each in own if not each.stretch.is_continuation or id(each) in episodes]
        watched = [watch(each, episodes.get(id(each)), facts, rules, completeness, now) for each in own]
        own_failed = failed.get(rule.id)
        watched += [remaining(each, own_failed, behind, rules.zone) for each in others if each.rule_id == rule.id]
        watched.sort(key=lambda each: (each.alert_id is None, each.due_at or NEVER_DUE))
        yield Explanation(rule, None if watched else unwatched(rule, facts, own_failed), watched)


def watch(
    finding: Finding, episode: Episode | None, facts: Facts, rules: RuleBook, completeness: Completeness, now: datetime
) -> Watched:
    stretch = finding.stretch
    return Watched(
        since=stretch.since.at,
        due_at=None if finding.due_at == NEVER_DUE else finding.due_at,
        concerns_id=finding.concerns_id,
        owner_id=stretch.employee_id,
        alert_id=episode.alert_id if episode else None,
        causes=causes_of(facts, stretch),
        reason=still_open(episode, rules.zone) if episode else waiting(finding, facts, rules.zone, completeness, now),
    )


def causes_behind(
    episodes: Sequence[Episode], facts: Facts, rules: RuleBook, now: datetime
) -> dict[UUID, tuple[UUID, ...]]:
    """Return the causes of open alerts by their ids, whatever the conditions of their rules say."""
    ids = {each.rule_id for each in episodes}
    every = rules.only(*(rule.for_all for rule in rules.rules if rule.id in ids))
    matches = match({str(each.alert_id): each for each in episodes}, find(facts, every), now) if ids else {}
    return {UUID(key): causes_of(facts, found.stretch) for key, found in matches.items() if found}


def remaining(episode: Episode, failure: Failure | None, causes: Mapping[UUID, tuple[UUID, ...]], zone: str) -> Watched:
    """Return an open alert that the next evaluation may end, or that stays open because the condition fails."""
    return Watched(
        since=episode.silent_since,
        due_at=episode.starts_at,
        concerns_id=episode.concerns_id,
        owner_id=episode.owner_id,
        alert_id=episode.alert_id,
        causes=causes.get(episode.alert_id, ()),
        reason=kept_open(episode, failure.reason, zone)
        if failure and failure.over_at is None
        else still_open(episode, zone),
    )


def unwatched(rule: Rule, facts: Facts, failure: Failure | None) -> Reason:
    """Return why a rule watches nothing of a customer."""
    if facts.erased:
        return Reason("erased", Words("The customer was erased.", "客户的个人数据已删除。"))
    if facts.merged_into:
        into = facts.merged_into
        return Reason("merged", Words(f"The customer was merged into {into}.", f"客户已并入 {into}。"))
    if facts.registered is None:
        return Reason("not-registered", Words("The customer is not registered.", "客户尚未登记。"))
    if failure:
        why = failure.reason
        en, zh = f"An expression of the rule fails on this customer: {why.en}", f"规则不能用于该客户：{why.zh}"
        return Reason(EXPRESSION_FAILED, Words(en, zh))
    if not rule.applies_to(facts):
        en, zh = f"The condition does not hold: {rule.applies}.", f"客户不满足条件：{rule.applies}。"
        return Reason("condition-not-met", Words(en, zh))
    if unmet := rule.condition.unmet(facts):
        return Reason(unmet.value, in_words(unmet, facts))
    return Reason("nothing-to-watch", nothing(rule))


def nothing(rule: Rule) -> Words:
    """Return what has to happen before a rule has anything to watch."""
    words = NOTHING.get(rule.condition.shape, NOTHING_KNOWN)
    match rule.condition:
        case Count(counts=str() as counts):
            return Words(f"{words.en} Only events with: {counts}", f"{words.zh}仅计入满足条件的事件：{counts}")
        case _:
            return words


def still_open(episode: Episode, zone: str) -> Reason:
    at = local_time(episode.starts_at, zone)
    return Reason("open", Words(f"The alert has been open since {at}.", f"预警自 {at} 起未解除。"))


def kept_open(episode: Episode, why: Words, zone: str) -> Reason:
    at = local_time(episode.starts_at, zone)
    en = f"The alert has been open since {at}. It stays open while the condition of the rule fails on this customer"
    zh = f"预警自 {at} 起未解除。规则的条件不能用于该客户，预警保持不变"
    return Reason(EXPRESSION_FAILED, Words(f"{en}: {why.en}", f"{zh}：{why.zh}"))


def waiting(finding: Finding, facts: Facts, zone: str, completeness: Completeness, now: datetime) -> Reason:
    """Return why no alert is open about a stretch: it is not due, or the alert is held back."""
    if finding.due_at == NEVER_DUE:
        return Reason("paused", Words("Nothing is due while it is paused.", "暂停期间不到期。"))
    if not finding.is_awaited:
        return Reason(
            "skipped",
            Words(
                "It was overdue already when the rule was published, and is skipped.",
                "规则发布时已逾期，按发布要求跳过。",
            ),
        )
    if finding.due_at > now:
        return not_due(finding, facts, zone)
    return held_back(finding, facts, zone, completeness, now)


def not_due(finding: Finding, facts: Facts, zone: str) -> Reason:
    allowed, due = finding.stretch.threshold, local_time(finding.due_at, zone)
    limit = f": {length(allowed)} are allowed" if allowed else ""
    limit_zh = f"：上限 {length_zh(allowed)}" if allowed else ""
    return Reason(
        "not-due",
        Words(
            f"Due {due} if nothing ends it first{limit} ({scope(facts)}).",
            f"若此前未结束，将于 {due} 到期{limit_zh}（{scope_zh(facts)}）。",
        ),
    )


def held_back(finding: Finding, facts: Facts, zone: str, completeness: Completeness, now: datetime) -> Reason:
    """Return why an alert that is due has not been raised yet."""
    if is_in_import(facts, now) and facts.quiet_until:
        until = local_time(facts.quiet_until, zone)
        return Reason(
            "import-running",
            Words(f"A file is being imported; alerts wait until {until}.", f"正在导入文件，预警推迟到 {until}。"),
        )
    if completeness.has_parked_events:
        return Reason(
            "parked-events",
            Words("Events of the customer could not be applied yet.", "该客户有事件尚未能应用。"),
        )
    if not finding.rule.condition.at_once and (completeness.until is None or completeness.until < finding.due_at):
        return Reason(
            "events-behind",
            Words("Not all events up to the due time have been received yet.", "到期时间之前的事件尚未全部收到。"),
        )
    return Reason("due", Words("It is due; the alert is raised in a moment.", "已到期，即将发出预警。"))
