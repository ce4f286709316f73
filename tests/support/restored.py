"""What a snapshot of a state gives back."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from chassis.commands.decider import Decider
from chassis.commands.state_codec import codec_of


def require_restored(decider: Decider[Any], state: Any) -> None:
    """Fail unless a snapshot restores the state, with the same types inside."""
    codec = codec_of(decider)
    restored = codec.decode(codec.encode(state))
    assert restored == state
    # What is equal may still be of another type, such as a text in place of a member of an enum.
    assert typed(restored) == typed(state)


def typed(value: Any) -> Any:
    """Return the value with the type of each of its parts."""
    match value:
        case datetime() | Enum():
            return value
        case dict():
            return {key: (typed(key), typed(each)) for key, each in value.items()}
        case tuple():
            return tuple(map(typed, value))
        case frozenset():
            return frozenset(map(typed, value))
        case BaseModel():
            return type(value), {name: typed(each) for name, each in value}
        case _ if is_dataclass(value):
            return type(value), {each.name: typed(getattr(value, each.name)) for each in fields(value)}
        case _:
            return type(value), value
