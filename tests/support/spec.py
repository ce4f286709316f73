"""Given events, when a command, then events: the specification style for deciders. A snapshot restores each state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chassis.commands.decider import Decider, RejectedError
from tests.support.restored import require_restored


@dataclass(frozen=True)
class Spec:
    """An example; each step returns a new one."""

    decider: Decider[Any]
    facts: Sequence[Any] = ()
    command: Any = None

    def given(self, *facts: Any) -> "Spec":
        return replace(self, facts=facts)

    def when(self, command: Any) -> "Spec":
        return replace(self, command=command)

    def then(self, *facts: Any) -> None:
        state = self.decider.fold(self.decider.initial, self.facts)
        require_restored(self.decider, state)
        assert list(self.decider.decide(state, self.command)) == list(facts)

    def then_rejected(self, code: str) -> None:
        state = self.decider.fold(self.decider.initial, self.facts)
        with pytest.raises(RejectedError) as caught:
            self.decider.decide(state, self.command)
        assert caught.value.code == code
        assert caught.value.en
        assert caught.value.zh
