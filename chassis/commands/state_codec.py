"""Encodes the states of a decider for snapshots, and identifies the fold that made them."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import TypeAdapter

from chassis.commands.decider import Decider
from chassis.commands.fingerprint import fingerprint

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class StateCodec(Generic[S]):
    """Writes states as JSON, by the type that `evolve` returns. `fold` is the fingerprint of `evolve`."""

    fold: bytes
    states: TypeAdapter[S]

    def encode(self, state: S) -> bytes:
        return self.states.dump_json(state)

    def decode(self, data: bytes) -> S:
        """Return the state. Raises ValueError if it does not fit the type."""
        return self.states.validate_json(data)


def codec_of(decider: Decider[S]) -> StateCodec[S]:
    return codec_of_fold(decider.evolve)


@cache
def codec_of_fold(evolve: Any) -> StateCodec[Any]:
    return StateCodec(fingerprint(evolve), TypeAdapter(get_type_hints(evolve)["return"]))
