"""A row that fails in an unforeseen way fails alone; a row that must be tried again has no result."""

import errno
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from asyncpg.exceptions import (
    CannotConnectNowError,
    LockNotAvailableError,
    QueryCanceledError,
    TooManyConnectionsError,
)

from chassis.commands.command import Context
from chassis.commands.result import ConflictError
from chassis.files.importer import RowKeys, RowOutcome
from chassis.files.row_attempts import MAX_ATTEMPTS, RowFailure, given_up, that_count
from chassis.files.row_import import import_rows
from chassis.files.table import Column, Row
from chassis.postgres.database import ClockError
from chassis.store.event_store import AppendsRefusedError
from chassis.store.group_commit import OverloadedError

SUBJECT = uuid4()


class Failing:
    """An importer whose row 3 fails with `error`."""

    columns: Sequence[Column] = ()
    places: Mapping[str, Sequence[str]] = {"": ()}

    def __init__(self, error: Exception, *, are_related: bool = False) -> None:
        self.error = error
        self.are_related = are_related

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        """Read nothing."""

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        if row.number == 3:
            raise self.error
        assert context.key == str(row.number)
        return RowOutcome.CREATED, SUBJECT

    def keys(self, row: Row) -> RowKeys:
        return RowKeys([UUID(int=0 if self.are_related else row.number)], ())


def context_of(row: Row) -> Context:
    return Context(key=str(row.number), actor="ops", correlation_id="import-1", now=datetime.now(UTC))


ROWS = [Row(number, {}) for number in (2, 3, 4)]


@pytest.mark.parametrize("error", [LookupError("a bug"), ValueError("王敏"), KeyError("name")])
async def test_a_row_that_fails_in_an_unforeseen_way_fails_alone(error: Exception) -> None:
    failures: list[RowFailure] = []
    results = {result.number: result for result in await import_rows(Failing(error), ROWS, context_of, failures)}
    assert {number: result.outcome for number, result in results.items()} == {2: "created", 3: "failed", 4: "created"}
    assert (results[3].status, (results[3].problem or {})["code"]) == (500, "internal")
    assert not failures


@pytest.mark.parametrize("error", [ConnectionError(), TimeoutError(), OverloadedError(), ConflictError()])
async def test_a_row_that_must_be_tried_again_has_no_result(error: Exception) -> None:
    failures: list[RowFailure] = []
    results = await import_rows(Failing(error), ROWS, context_of, failures)
    assert sorted(result.number for result in results) == [2, 4]
    assert failures == [RowFailure(ROWS[1], error)]


async def test_of_related_rows_those_before_the_failure_keep_their_results() -> None:
    failures: list[RowFailure] = []
    results = await import_rows(Failing(TimeoutError(), are_related=True), ROWS, context_of, failures)
    assert [result.number for result in results] == [2]
    assert [failure.row.number for failure in failures] == [3]


@pytest.mark.parametrize("error", [TimeoutError(), QueryCanceledError(), ConflictError()])
def test_a_command_that_took_too_long_counts_as_an_attempt(error: Exception) -> None:
    failures = [RowFailure(ROWS[0], error)]
    assert that_count(failures) == failures


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError(),
        TimeoutError(errno.ETIMEDOUT, "Connection timed out"),
        AppendsRefusedError(),
        OverloadedError(),
        ClockError(),
        CannotConnectNowError(),
        TooManyConnectionsError(),
        LockNotAvailableError(),
    ],
)
def test_what_passes_by_itself_never_counts_nor_lets_other_rows_count(error: Exception) -> None:
    assert not that_count([RowFailure(ROWS[0], error)])
    assert not that_count([RowFailure(ROWS[0], TimeoutError()), RowFailure(ROWS[1], error)])


def test_a_row_is_given_up_at_its_last_attempt() -> None:
    failures = [RowFailure(row, TimeoutError()) for row in ROWS]
    attempts = {2: 0, 3: MAX_ATTEMPTS - 2, 4: MAX_ATTEMPTS - 1}
    [result] = given_up(failures, attempts)
    assert (result.number, result.status, (result.problem or {})["code"]) == (4, 503, "timeout")
