"""Finds the stretch of each open episode."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.alerts.engine.episode import Episode, Key
from services.alerts.engine.findings import Finding
from services.alerts.engine.stretch import Beginning

# The finding of each open episode, by its alert id as text; None if there is none.
Matches: TypeAlias = Mapping[str, Finding | None]


def match(episodes: Mapping[str, Episode], findings: Iterable[Finding], now: datetime) -> Matches:
    """Return the finding of each episode. Two episodes never share one: the elder has it."""
    names = {episode.rule_id for episode in episodes.values()}
    by_key = {finding.key: finding for finding in findings if finding.rule.id in names}
    shared: dict[tuple[str, UUID | None], list[Finding]] = defaultdict(list)
    for finding in by_key.values():
        if finding.rule.condition.beginning is not Beginning.OWN and finding.due_at <= now:
            shared[finding.rule.id, finding.concerns_id].append(finding)
    found: dict[str, Finding | None] = {}
    taken: set[int] = set()
    # An exact match comes first. Of two episodes that were merged, the elder goes on.
    for key, episode in in_order(episodes, by_key):
        exact = by_key.get(episode.key)
        candidates = [exact] if exact else sorted(shared[episode.rule_id, episode.concerns_id], key=newest_first)
        chosen = next((each for each in candidates if id(each) not in taken and continues(episode, each)), None)
        found[key] = chosen
        if chosen:
            taken.add(id(chosen))
    return found


def doubled(episodes: Mapping[str, Episode], matches: Matches) -> Matches:
    """Return the finding of each episode that another one has: both customers of a merge had an alert of the same."""
    if None not in matches.values():
        return {}
    known = [(episodes[key], finding) for key, finding in matches.items() if finding]
    found = {}
    for key in (key for key, finding in matches.items() if finding is None):
        own = episodes[key]
        for other, finding in known:
            if other.origin != own.origin and (other.rule_id, other.concerns_id) == (own.rule_id, own.concerns_id):
                found[key] = finding
                break
    return found


def in_order(episodes: Mapping[str, Episode], exact: Container[Key]) -> Iterable[tuple[str, Episode]]:
    """Return the episodes: those with an exact match first, of these the elder first."""
    if len(episodes) == 1:
        return episodes.items()
    return sorted(episodes.items(), key=lambda each: (each[1].key not in exact, each[1].starts_at, each[1].alert_id))


def newest_first(finding: Finding) -> float:
    """Return a sort key: of several peaks, an open episode is the latest that had begun when it was raised."""
    return -finding.due_at.timestamp()


def continues(episode: Episode, finding: Finding) -> bool:
    """Return whether a finding is the open episode, maybe with another beginning."""
    match finding.rule.condition.beginning:
        case Beginning.OWN:
            return True
        case Beginning.MOVES:
            return finding.key == episode.key or finding.since.at <= episode.starts_at
        case Beginning.KEPT:
            return finding.stretch.is_older or finding.due_at <= episode.starts_at
