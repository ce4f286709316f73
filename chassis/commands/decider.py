"""The decider of a domain: its initial state, `decide` and `evolve`; and the errors that reject a command."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

S = TypeVar("S")


class RejectedError(Exception):
    """A rule rejects the command. `en` and `zh` are shown to users; `code` is for programs and never changes.

    `place` is the path to the field of the request that the rule is about; empty if it is not about exactly one.
    """

    def __init__(self, code: str, en: str, zh: str, *place: str | int) -> None:
        super().__init__(en)
        self.code = code
        self.en = en
        self.zh = zh
        self.place = place


class ForbiddenError(RejectedError):
    """The command is rejected because of who sends it."""


class GoneError(RejectedError):
    """The command is rejected because its object no longer exists."""


class MovedError(RejectedError):
    """The command is rejected because its customer was merged into another one."""

    def __init__(self, canonical_id: UUID) -> None:
        super().__init__("moved", f"This was merged into {canonical_id}.", f"已并入 {canonical_id}。")
        self.canonical_id = canonical_id


@dataclass(frozen=True, slots=True)
class Decider(Generic[S]):
    """`decide` returns events for a state and a command, or raises RejectedError; `evolve` applies any event."""

    initial: S
    decide: Callable[[S, Any], Sequence[Any]]
    evolve: Callable[[S, Any], S]

    def fold(self, state: S, events: Iterable[Any]) -> S:
        for event in events:
            state = self.evolve(state, event)
        return state
