"""The stored form of a state: MessagePack. Builds before 20261130060000 stored JSON."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.alerts.engine.episode import Episode
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.months import Months
from services.alerts.engine.rings import HUMAN, OFFSET, ONLY, TOUCH, Entry, pack

JSON_BEGINS: Final = b"{"
# The rings of builds that stored JSON, with their names and features now. An entry had eight bytes of time.
OLD_RINGS: Final = {"human-contact": ("contact", HUMAN), "touch": ("contact", TOUCH)}
OLD_LENGTH: Final = 24


class Stored(Struct, frozen=True, array_like=True):
    """A state without the ids of its open episodes, which these contain. Further fields go to the end."""

    facts: Facts
    open: tuple[Episode, ...] = ()
    # Of rows of builds before 20261130110000. It is a column now: it depends on the looks, not on the facts.
    judged_until: datetime | None = None


# The fields of the facts that are mappings.
MAPPINGS: Final = tuple(name for name in Facts.__struct_fields__ if isinstance(getattr(Facts(), name), dict))


_encoder: Final = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder: Final = msgspec.msgpack.Decoder(Stored)


def packed(state: CustomerState) -> bytes:
    """Return the stored form of a state without `judged_until`. Equal states have equal bytes."""
    in_order = tuple(sorted(state.open.values(), key=lambda each: each.alert_id))
    return _encoder.encode(Stored(with_sorted_keys(state.facts), in_order))


def with_sorted_keys(facts: Facts) -> Facts:
    """Return the facts with each mapping in the order of its keys: events of two services come in any order."""
    changed = {}
    for name in MAPPINGS:
        mapping = getattr(facts, name)
        if mapping and (after := by_key(mapping)) is not mapping:
            changed[name] = after
    if facts.absorbed:
        changed["absorbed"] = by_key({key: with_sorted_keys(each) for key, each in facts.absorbed.items()})
    if any(len(own) > 1 for own in facts.months.values()):
        changed["months"] = by_key({currency: by_key(own) for currency, own in facts.months.items()})
    return replace(facts, **changed) if changed else facts


def by_key(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the mapping in the order of its keys; itself, if it has that order."""
    keys = list(mapping)
    in_order = sorted(keys)
    return mapping if keys == in_order else {key: mapping[key] for key in in_order}


def unpacked(stored: bytes) -> CustomerState:
    """Return a state. Raises msgspec.DecodeError if it is damaged."""
    if stored[:1] == JSON_BEGINS:
        return state_of(msgspec.json.decode(stored))
    found = _decoder.decode(stored)
    return CustomerState(found.facts, {str(each.alert_id): each for each in found.open}, found.judged_until)


def state_of(value: Mapping[str, Any]) -> CustomerState:
    """Return the state that an earlier build stored as JSON."""
    episodes = {key: Episode(**fields_of(Episode, each)) for key, each in value.get("open", {}).items()}
    until = value.get("judged_until")
    return CustomerState(
        facts_of(value.get("facts", {})), episodes, msgspec.convert(until, datetime) if until else None
    )


def facts_of(value: Mapping[str, Any]) -> Facts:
    plain = {name: each for name, each in value.items() if name not in {"rings", "months", "absorbed"}}
    return Facts(
        **fields_of(Facts, plain),
        rings=rings_of(value.get("rings", {})),
        months=months_of(value.get("months", {})),
        absorbed={msgspec.convert(key, UUID): facts_of(each) for key, each in value.get("absorbed", {}).items()},
    )


def fields_of(kind: type[Struct], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are still stored. Open episodes were once stored as the whole alerts."""
    hints = get_type_hints(kind)
    return {name: msgspec.convert(as_arrays(each), hints[name]) for name, each in value.items() if name in hints}


def rings_of(value: Mapping[str, str]) -> dict[str, bytes]:
    found: dict[str, list[Entry]] = {}
    for name, text in value.items():
        ring, bit = OLD_RINGS.get(name, (name, ONLY))
        data = b64decode(text)
        for chunk in (data[place : place + OLD_LENGTH] for place in range(0, len(data), OLD_LENGTH)):
            at = int.from_bytes(chunk[:8], signed=True) + OFFSET
            found.setdefault(ring, []).append(Entry(at, chunk[8:], bit))
    return {ring: pack(entries, ring) for ring, entries in found.items()}


def months_of(value: Mapping[str, Sequence[int]]) -> Months:
    """Return the months of builds whose keys were "CURRENCY|month"."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for key, (amount, orders) in value.items():
        currency, month = key.split("|")
        found.setdefault(currency, {})[int(month)] = amount, orders
    return found


def as_arrays(value: Any) -> Any:
    """Return a value from JSON with its occurrences and scores as arrays."""
    if isinstance(value, dict):
        # The names of needs are keys, too, but their values are lists.
        if isinstance(value.get("at"), str) and "cause" in value:
            return [value[name] for name in ("at", "cause", "percent") if name in value]
        return {key: as_arrays(each) for key, each in value.items()}
    return [as_arrays(each) for each in value] if isinstance(value, list) else value
