"""What a kind of file provides: its columns, and the commands of a row. What the result of a row is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from chassis.commands.command import Context
from chassis.files.table import Column, Row


class RowOutcome(StrEnum):
    WAITING = "waiting"
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


def in_order(counts: Mapping[RowOutcome, int]) -> dict[RowOutcome, int]:
    """Return how many rows had each outcome, in the order of the outcomes."""
    return {outcome: counts[outcome] for outcome in RowOutcome if outcome in counts}


class RowProblemError(Exception):
    """A row cannot be imported. `document` names the column and the reason in both languages."""

    def __init__(self, column: str, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.document = {"column": column, "code": code, "detail": en, "detail_zh": zh}


@dataclass(frozen=True, slots=True)
class RowResult:
    number: int
    outcome: RowOutcome
    status: int
    subject: UUID | None = None
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RowKeys:
    """Ids of what a row says that it is about: what it changes, and the customers that it only refers to."""

    changes: Sequence[UUID]
    refers_to: Sequence[UUID]


class Importer(Protocol):
    """A kind of file: its columns, and the commands of a row."""

    @property
    def columns(self) -> Sequence[Column]: ...

    @property
    def places(self) -> Mapping[str, Sequence[str]]:
        """The fields of a row that the code of a rule, or a field of a command, speaks of; of '', all others."""
        ...

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        """Read in few statements what the rows of an import, which are next, will look for.

        `was_elsewhere`: another process may have imported the rows before, so what is remembered of the file is old.
        """
        ...

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        """Run the row's commands. Raises RowProblemError, RejectedError or ValidationError."""
        ...

    def keys(self, row: Row) -> RowKeys:
        """Return what the row is about. It decides which rows are imported one by one. Called in any thread."""
        ...


def step(context: Context, name: str) -> Context:
    """Return the context of one command of a row, with its own idempotency key."""
    return context._replace(key=f"{context.key}|{name}")
