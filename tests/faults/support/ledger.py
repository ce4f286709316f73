"""The ledger of a test: every attempt to send a command is recorded before it starts and after it has ended."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """`unknown` may or may not have happened: a time-out, a reset, a 5xx, or a client that died.

    `undone` was acknowledged, and then lost with a store that was replaced by an older copy.
    """

    ACKED = "acked"
    UNDONE = "undone"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended. `status` is None if there was no response."""

    outcome: Outcome
    status: int | None = None
    body: str = ""

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


LOST = Reply(Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to send `command`; all attempts of a command share its idempotency key."""

    command: str
    reply: Reply


class Ledger:
    """Every attempt of one test, in a file of JSON lines that outlives the test's process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = path.open("a", encoding="utf-8", buffering=1)
        self._commands: list[str] = []
        self._replies: dict[int, Reply] = {}

    def asked(self, command: str) -> int:
        """Record that `command` is about to be sent; return the attempt's number."""
        self._commands.append(command)
        number = len(self._commands) - 1
        self._write({"attempt": number, "command": command})
        return number

    def answered(self, number: int, reply: Reply) -> None:
        self._replies[number] = reply
        self._write({"attempt": number, **asdict(reply)})

    def restored(self, lost: Collection[str]) -> None:
        """Record that the store has lost these commands: acknowledgements so far do not hold, later ones do."""
        for number, command in enumerate(self._commands):
            reply = self._replies.get(number, LOST)
            if command in lost and reply.outcome is Outcome.ACKED:
                self.answered(number, replace(reply, outcome=Outcome.UNDONE))

    @property
    def attempts(self) -> list[Attempt]:
        """Return all attempts; one that never ended counts as unknown."""
        return [Attempt(command, self._replies.get(number, LOST)) for number, command in enumerate(self._commands)]

    def count(self, outcome: Outcome) -> int:
        return sum(attempt.reply.outcome is outcome for attempt in self.attempts)

    def _write(self, line: dict[str, Any]) -> None:
        self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
