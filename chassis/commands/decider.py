"""The shape of a domain: how a command becomes facts, how facts become state, and how a rule says no."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

S = TypeVar("S")


class RejectedError(Exception):
    """A rule says no. The sentences are for a clerk; `code` is for programs and never changes."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code = code
        self.en = en
        self.zh = zh


class GoneError(RejectedError):
    """A rule says no for good: what was asked about is there no longer."""


class MovedError(RejectedError):
    """What is asked for goes on under another id."""

    def __init__(self, canonical_id: UUID) -> None:
        super().__init__("moved", f"This goes on as {canonical_id}.", f"已并入 {canonical_id}。")
        self.canonical_id = canonical_id


@dataclass(frozen=True, slots=True)
class Decider(Generic[S]):
    """`decide` earns events from (state, command) or raises RejectedError; `evolve` never refuses."""

    initial: S
    decide: Callable[[S, Any], Sequence[Any]]
    evolve: Callable[[S, Any], S]

    def fold(self, state: S, events: Iterable[Any]) -> S:
        for event in events:
            state = self.evolve(state, event)
        return state
