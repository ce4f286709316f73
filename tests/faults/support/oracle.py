"""The invariants: each is a pure function from observations to sentences about violations.

A command's id is the correlation id of its events, so that the store can be held against the ledger.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

from contracts.alerts import AlertRaised
from contracts.event import Envelope
from tests.faults.support.ledger import Attempt, Outcome, Reply

Facts = Sequence[Envelope[Any]]
MAX_SHOWN = 10
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Published:
    """One record of a topic, as an external consumer reads it."""

    partition: int
    offset: int
    event_id: UUID
    subject: UUID
    stream_id: UUID
    version: int
    position: int
    previous: int


@dataclass(frozen=True, slots=True)
class Applied:
    """One effect of a consumer, in the order of its commits."""

    event_id: UUID
    subject: UUID
    position: int


def hold(*invariants: list[str]) -> None:
    """Fail with all violations that the invariants found."""
    found = [sentence for sentences in invariants for sentence in sentences]
    shown = "\n".join(found[:MAX_SHOWN])
    assert not found, f"{len(found)} violations:\n{shown}"


def acknowledged_is_stored_once(attempts: Iterable[Attempt], stored: Facts) -> list[str]:
    """I1. Each acknowledged command has one event, and the same response however often it was sent."""
    by_command = defaultdict(list)
    for fact in stored:
        by_command[fact.metadata.correlation_id].append((str(fact.stream_id), fact.version))
    wrong = []
    for command, replies in acknowledged(attempts).items():
        told = {(reply.result["id"], reply.result["version"]) for reply in replies}
        if len(told) > 1:
            wrong.append(f"I1: {command} was answered in {len(told)} ways: {sorted(told)}")
        if by_command[command] != sorted(told)[:1]:
            wrong.append(f"I1: {command} was told of {sorted(told)}, the store has {by_command[command]}")
    return wrong


def acknowledged(attempts: Iterable[Attempt]) -> Mapping[str, list[Reply]]:
    found: dict[str, list[Reply]] = defaultdict(list)
    for attempt in attempts:
        if attempt.reply.outcome is Outcome.ACKED:
            found[attempt.command].append(attempt.reply)
    return found


def refused_has_no_effect(attempts: Iterable[Attempt], stored: Facts) -> list[str]:
    """I2. Each stored event belongs to a command that was acknowledged or has an unknown result; it has one."""
    possible = {attempt.command for attempt in attempts if attempt.reply.outcome is not Outcome.REFUSED}
    counts = Counter(fact.metadata.correlation_id for fact in stored)
    strangers = [f"I2: the store has an event of {command}, which was refused" for command in counts.keys() - possible]
    doubled = [f"I2: {command} has {count} events" for command, count in counts.items() if count > 1]
    return [*strangers, *doubled]


def copy_is_kept(copied: Sequence[UUID], stored: Facts) -> list[str]:
    """I1. A store that was restored from a copy begins with the events of the copy, at the same positions."""
    wrong = [
        f"I1: position {position} of the copy holds another event"
        for position, (event_id, fact) in enumerate(zip(copied, stored, strict=False), 1)
        if event_id != fact.id
    ]
    missing = range(len(stored) + 1, len(copied) + 1)
    return wrong + [f"I1: position {position} of the copy is missing" for position in missing]


def store_is_in_order(stored: Facts) -> list[str]:
    """P2. Positions and the versions of each stream have no gaps, and recorded times never decrease."""
    wrong = []
    if (positions := [fact.position for fact in stored]) != list(range(1, len(stored) + 1)):
        wrong.append(f"P2: positions are not 1..{len(stored)}: {positions[:MAX_SHOWN]} …")
    wrong += [
        f"P2: {b.position} was recorded before {a.position}"
        for a, b in pairwise(stored)
        if b.recorded_at < a.recorded_at
    ]
    wrong += versions_in_order("P2", ((fact.stream_id, fact.version) for fact in stored))
    return wrong


def versions_in_order(name: str, facts: Iterable[tuple[UUID, int]]) -> list[str]:
    last: dict[UUID, int] = defaultdict(int)
    wrong = []
    for stream_id, version in facts:
        if version != last[stream_id] + 1:
            wrong.append(f"{name}: {stream_id} goes from version {last[stream_id]} to {version}")
        last[stream_id] = version
    return wrong


def same_rows(table: str, expected: Mapping[K, object], actual: Mapping[K, object]) -> list[str]:
    """I3. A projection equals the pure fold of the store."""
    wrong = [f"I3: {table} lacks {key}" for key in expected.keys() - actual.keys()]
    wrong += [f"I3: {table} has {key}, which nothing led to" for key in actual.keys() - expected.keys()]
    for key in expected.keys() & actual.keys():
        if expected[key] != actual[key]:
            wrong.append(f"I3: {table} {key} is {actual[key]}, the store says {expected[key]}")
    return wrong


def applied_once(stored: Facts, applied: Sequence[Applied]) -> list[str]:
    """I3. Every event was applied once, for each customer in the order of the store."""
    counts = Counter(effect.event_id for effect in applied)
    wrong = [f"I3: {event_id} was applied {count} times" for event_id, count in counts.items() if count > 1]
    wrong += [f"I3: position {fact.position} was never applied" for fact in stored if fact.id not in counts]
    last: dict[UUID, int] = defaultdict(int)
    for effect in applied:
        if effect.position < last[effect.subject]:
            wrong.append(f"I3: {effect.subject} saw {effect.position} after {last[effect.subject]}")
        last[effect.subject] = max(last[effect.subject], effect.position)
    return wrong


def topic_is_complete(stored: Facts, published: Sequence[Published]) -> list[str]:
    """I4. Every stored event is on the topic; first occurrences are in order, each with the previous position."""
    seen = {record.event_id for record in published}
    wrong = [f"I4: position {fact.position} is not on the topic" for fact in stored if fact.id not in seen]
    known = {fact.id for fact in stored}
    wrong += [f"I4: {record.event_id} is on the topic only" for record in published if record.event_id not in known]
    first = first_occurrences(published)
    wrong += versions_in_order("I4", ((record.stream_id, record.version) for record in first))
    last: dict[int, int] = defaultdict(int)
    for record in first:
        if record.previous != last[record.partition]:
            wrong.append(f"I4: {record.position} names {record.previous} before it, not {last[record.partition]}")
        last[record.partition] = record.position
    return wrong


def first_occurrences(published: Sequence[Published]) -> list[Published]:
    """Return each event's first record, partition by partition."""
    seen: set[UUID] = set()
    first = []
    for record in sorted(published, key=lambda each: (each.partition, each.offset)):
        if record.event_id not in seen:
            seen.add(record.event_id)
            first.append(record)
    return first


def repeats(published: Sequence[Published]) -> int:
    """Return the number of duplicate records."""
    return len(published) - len({record.event_id for record in published})


def alerts_are_raised_once(expected: Iterable[str], stored: Facts, published: Sequence[Published]) -> list[str]:
    """I5. Each expected occurrence was raised once, no other was, and the topic has it under the same id."""
    raised = [fact for fact in stored if isinstance(fact.event, AlertRaised)]
    counts = Counter(fact.event.dedup_key for fact in raised)
    wrong = [f"I5: {key} was raised {count} times" for key, count in counts.items() if count > 1]
    wanted = set(expected)
    wrong += [f"I5: {key} was never raised" for key in wanted - counts.keys()]
    wrong += [f"I5: {key} was raised for nothing" for key in counts.keys() - wanted]
    told = {record.event_id for record in published}
    return wrong + [f"I5: the topic does not tell of {fact.event.dedup_key}" for fact in raised if fact.id not in told]


def never_back(samples: Mapping[str, Sequence[int]], maximum: int) -> list[str]:
    """I6. No position ever decreases or exceeds the head of the store."""
    wrong = []
    for name, values in samples.items():
        wrong += [f"I6: {name} went back from {a} to {b}" for a, b in pairwise(values) if b < a]
        wrong += [f"I6: {name} is at {value}, the store ends at {maximum}" for value in values if value > maximum]
    return wrong


def cursor_is_published(topic: str, cursor: Mapping[int, int], published: Mapping[int, int]) -> list[str]:
    """P3. The relay's position of each partition is on the topic: it moves when the records are acknowledged."""
    return [
        f"P3: {topic}/{partition} ends at {published.get(partition, 0)}, and its relay is at {position}"
        for partition, position in cursor.items()
        if position > published.get(partition, 0)
    ]


def nothing_skipped(positions: Sequence[int], seen: Sequence[int]) -> list[str]:
    """P2. A reader that continues from the last position has read every position once, in order."""
    missed = sorted(set(positions) - set(seen))
    wrong = [f"P2: the reader never saw {position}" for position in missed]
    return wrong if wrong or list(positions) == list(seen) else [f"P2: the reader saw {list(seen)[:MAX_SHOWN]} …"]
