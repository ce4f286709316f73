"""Detects and records the episodes of rules in shadow. They change no alert, and nobody is told of them.

The detector calls `watch` in its transaction, with the customers locked, after it has evaluated them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from chassis.postgres.database import Connection
from services.alerts.detection.memory import Memory
from services.alerts.engine.changes import CareReporting, Carrying, Ending, Moving, Readdressing
from services.alerts.engine.episode import Episode
from services.alerts.engine.episodes import Change, Moment, evaluate
from services.alerts.engine.raising import Begun
from services.alerts.engine.rule_book import RuleBook

KEPT: Final = timedelta(days=90)

OPEN = """
    SELECT alert_id, rule_id, number, customer_id, concerns_id, owner_id, since, starts_at FROM shadow_episode
    WHERE customer_id = ANY($1) AND ended_at IS NULL
"""
RAISE = """
    INSERT INTO shadow_episode
        (alert_id, rule_id, number, customer_id, concerns_id, owner_id, since, starts_at, raised_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (alert_id, number) DO UPDATE SET ended_at = NULL, starts_at = excluded.starts_at
"""
END = "UPDATE shadow_episode SET ended_at = $3 WHERE alert_id = $1 AND number = $2"
MOVE = "UPDATE shadow_episode SET since = $3, starts_at = $4 WHERE alert_id = $1 AND number = $2"
READDRESS = "UPDATE shadow_episode SET owner_id = $3 WHERE alert_id = $1 AND number = $2"
# Those of rules that are in shadow no longer, or with another draft.
END_OTHERS = """
    UPDATE shadow_episode e SET ended_at = $1 WHERE ended_at IS NULL AND NOT EXISTS (
        SELECT FROM unnest($2::text[], $3::integer[]) AS s(rule_id, number)
        WHERE s.rule_id = e.rule_id AND s.number = e.number
    )
"""
FORGET = "DELETE FROM shadow_episode WHERE ended_at < $1"


async def watch(
    held: Connection, memories: Mapping[UUID, Memory], moments: Mapping[UUID, Moment], book: RuleBook
) -> dict[UUID, Memory]:
    """Record what begins and ends in shadow. Return the memories with their next due times."""
    if not book.shadow:
        return dict(memories)
    numbers = {rule.id: rule.version for rule in book.shadow}
    known = await open_episodes(held, memories, numbers)
    after = {}
    for customer_id, each in memories.items():
        episodes = {key: one for key, one in known[customer_id].items() if is_loaded(one, each)}
        state = replace(each.state, open=episodes)
        evaluation = evaluate(customer_id, state, book.shadow_book, moments[customer_id])
        for change in evaluation.changes:
            await record(held, customer_id, change, numbers)
        after[customer_id] = each.due_by(evaluation.rest_due_at, evaluation.items_due_at)
    return after


async def begin(held: Connection, book: RuleBook, now: datetime) -> None:
    """End the episodes of rules that are in shadow no longer, and delete those that ended long ago."""
    shadow = [(rule.id, rule.version) for rule in book.shadow]
    await held.execute(END_OTHERS, now, [name for name, _ in shadow], [number for _, number in shadow])
    await held.execute(FORGET, now - KEPT)


async def open_episodes(
    held: Connection, memories: Mapping[UUID, Memory], numbers: Mapping[str, int]
) -> dict[UUID, dict[str, Episode]]:
    """Return the open episodes of the present drafts in shadow, by customer."""
    found: dict[UUID, dict[str, Episode]] = defaultdict(dict)
    for row in await held.fetch(OPEN, list(memories)):
        if numbers.get(row["rule_id"]) == row["number"]:
            found[row["customer_id"]][str(row["alert_id"])] = Episode(
                row["alert_id"], row["rule_id"], row["since"], row["starts_at"], row["concerns_id"], row["owner_id"]
            )
    return found


def is_loaded(episode: Episode, memory: Memory) -> bool:
    """Return whether a memory has all that an episode needs. A memory may have been loaded with some items only."""
    return episode.concerns_id is None or episode.concerns_id in set(items_of(memory))


def items_of(memory: Memory) -> Iterator[UUID]:
    """Yield the items that a memory was loaded with, and those that it has now."""
    yield from (each.concerns_id for each in memory.stored)
    for facts in (memory.state.facts, *memory.state.facts.absorbed.values()):
        for items in (facts.tasks, facts.complaints, facts.terms):
            yield from (each.concerns_id for each in items.values())


async def record(held: Connection, customer_id: UUID, change: Change, numbers: Mapping[str, int]) -> None:
    match change:
        case Begun(episode=each, instant=instant):
            key = each.alert_id, each.rule_id, numbers[each.rule_id], customer_id, each.concerns_id
            await held.execute(RAISE, *key, each.owner_id, each.silent_since, each.starts_at, instant)
        case Ending(episode=episode, ends_at=ends_at):
            await held.execute(END, episode.alert_id, numbers[episode.rule_id], ends_at)
        case Moving(episode=episode, silent_since=since, starts_at=starts_at):
            await held.execute(MOVE, episode.alert_id, numbers[episode.rule_id], since, starts_at)
        case Readdressing(episode=episode, owner_id=owner_id):
            await held.execute(READDRESS, episode.alert_id, numbers[episode.rule_id], owner_id)
        case Carrying() | CareReporting():
            # An evaluation carries no episode to another customer, and reports no care.
            raise TypeError(f"{type(change).__name__} is no change of an episode in shadow")
