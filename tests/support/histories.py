"""Random histories of many rows: events in any order, back-dated, repeated, without beginning or optional fields."""

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import EnumType
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from asyncpg.pgproto.pgproto import UUID
from msgspec import Raw
from pydantic import AwareDatetime
from pydantic_core import to_json

from chassis.consume.fact_log.fact import Fact
from contracts.cloudevents import type_of
from contracts.event import Envelope, Event
from contracts.examples import CUSTOMER_ID, METADATA, OWNER, example
from contracts.followup import SurveyKind
from contracts.followup.complaint import RepeatEvent

Chance = random.Random
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
# Few enough that events of one row share an instant, and that a question is asked at the instant of an event.
INSTANTS = tuple(START + timedelta(seconds=7_001.7 * number, microseconds=number % 3) for number in range(40))
DAYS = tuple(date(2026, 3, day) for day in range(1, 8))
IDS = tuple(uuid.uuid5(CUSTOMER_ID, name) for name in "abc")
KEYS_IN_DATA = ("alert_id", "complaint_id")
CLEARABLE = ("need_type", "industry", "region", "work_status", "last_contacted_at", "interests")
MOST_EVENTS = 16
# How often another event comes, compared with a second beginning.
OFTENER = 4
BEGINNING, REPEATED, UNKNOWN_TYPE, UNKNOWN_FIELD, LEFT_OUT, NULL = 0.85, 0.1, 0.05, 0.1, 0.35, 0.15


class Heard(NamedTuple):
    """A fact, and the key of the row that it changes. Without an envelope it changes nothing: its type is unknown."""

    key: UUID
    fact: Fact
    envelope: Envelope[Any] | None


def histories(chance: Chance, keys: int, beginning: type[Event], others: Sequence[type[Event]]) -> list[Heard]:
    """Return the histories of so many rows, interleaved, with rising positions. Later rows of a key may begin anew."""
    by_key = {derived(CUSTOMER_ID, f"row {number}"): events(chance, beginning, others) for number in range(keys)}
    turns = [key for key, history in by_key.items() for _ in history]
    chance.shuffle(turns)
    queues = {key: iter(history) for key, history in by_key.items()}
    heard: list[Heard] = []
    position = 0
    for number, key in enumerate(turns):
        position += chance.randint(1, 3)
        heard.append(hear(chance, key, next(queues[key]), position, START + timedelta(seconds=number // 3)))
    return heard


def events(chance: Chance, beginning: type[Event], others: Sequence[type[Event]]) -> list[tuple[type[Event], Any]]:
    """Return classes of events with the JSON of their data."""
    names = sorted({name for each in (beginning, *others) for name in each.model_fields})
    classes = [beginning] if chance.random() < BEGINNING else []
    weights = [1, *(OFTENER for _ in others)]
    classes += chance.choices([beginning, *others], weights, k=chance.randint(1, MOST_EVENTS))
    found: list[tuple[type[Event], Any]] = []
    for each in classes:
        found.append(found[-1] if found and chance.random() < REPEATED else (each, data_of(chance, each, names)))
    return found


def hear(chance: Chance, key: UUID, told: tuple[type[Event], Any], position: int, recorded_at: datetime) -> Heard:
    event_class, data = told
    data = data | {name: str(key) for name in KEYS_IN_DATA if name in event_class.model_fields}
    event = event_class.model_validate_json(to_json(data))
    stream_id = derived(key, "repeats") if isinstance(event, RepeatEvent) else key
    envelope = Envelope(
        id=derived(key, str(position)),
        subject=key if event_class.__module__.startswith("contracts.customer") else derived(key, "customer"),
        stream_id=stream_id,
        version=position,
        position=position,
        occurred_at=chance.choice(INSTANTS),
        recorded_at=recorded_at,
        metadata=METADATA,
        event=event,
    )
    if chance.random() < UNKNOWN_TYPE:
        return Heard(key, fact_of(envelope, f"{type_of(event_class)[:-1]}2", data), None)
    return Heard(key, fact_of(envelope, type_of(event_class), data), envelope)


def fact_of(envelope: Envelope[Any], event_type: str, data: Any) -> Fact:
    return Fact(
        feed="feed",
        position=envelope.position,
        customer_id=UUID(str(envelope.subject)),
        stream_id=UUID(str(envelope.stream_id)),
        version=envelope.version,
        type=event_type,
        event_id=UUID(str(envelope.id)),
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        actor=OWNER,
        batch=None,
        data=Raw(to_json(data)),
    )


def data_of(chance: Chance, event_class: type[Event], names: Sequence[str]) -> dict[str, Any]:
    """Return valid data: now and then, optional fields are missing or null, and there are fields of other events."""
    unknown = [name for name in names if name not in event_class.model_fields and chance.random() < UNKNOWN_FIELD]
    data: dict[str, Any] = dict.fromkeys(unknown, "unknown")
    known = example(event_class).model_dump(mode="json")
    for name, field in event_class.model_fields.items():
        may_be_null = type(None) in get_args(field.annotation)
        turn = chance.random()
        if not field.is_required() and turn < LEFT_OUT:
            continue
        data[name] = None if may_be_null and turn < LEFT_OUT + NULL else value(chance, name, field.annotation)
        if data[name] is None and not may_be_null:
            data[name] = known[name]
    return data


CHOICES: Mapping[Any, Sequence[Any]] = {
    bool: (True, False),
    int: range(1, 6),
    str: ("a", "b", "c"),
    uuid.UUID: IDS,
    date: DAYS,
    AwareDatetime: INSTANTS,
}
OF_FIELD: Mapping[str, Callable[[Chance], Any]] = {
    "currency": lambda chance: chance.choice(("CNY", "JPY")),
    "cleared": lambda chance: chance.sample(CLEARABLE, chance.randint(0, 5)),
    "question": lambda chance: {
        "survey": chance.choice("abc"),
        "kind": chance.choice(list(SurveyKind)),
        "lowest": chance.randint(0, 1),
        "highest": chance.randint(2, 10),
    },
    "causes": lambda chance: chance.choices(IDS, k=chance.randint(0, 3)),
}


def value(chance: Chance, name: str, annotation: Any) -> Any:
    """Return a value for a field, or None if the value of the example is good enough."""
    if choose := OF_FIELD.get(name):
        return choose(chance)
    kind = next(leaves(annotation))
    choices = list(kind) if isinstance(kind, EnumType) else CHOICES.get(kind)
    return chance.choice(choices) if choices else None


def leaves(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation consists of, without None."""
    if get_origin(annotation) is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif type(None) in get_args(annotation):
        yield from (leaf for each in get_args(annotation) for leaf in leaves(each))
    elif annotation is not type(None):
        yield annotation


def derived(origin: uuid.UUID, name: str) -> UUID:
    return UUID(str(uuid.uuid5(origin, name)))
