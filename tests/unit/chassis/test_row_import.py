"""A row that fails in an unforeseen way fails alone; a row that must be tried again has no result."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Context
from chassis.commands.result import ConflictError
from chassis.files.importer import RowKeys, RowOutcome
from chassis.files.row_import import import_rows
from chassis.files.table import Column, Row
from chassis.store.group_commit import OverloadedError

SUBJECT = uuid4()


class Failing:
    """An importer whose row 3 fails with `error`."""

    columns: Sequence[Column] = ()
    places: Mapping[str, Sequence[str]] = {"": ()}

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def prepare(self, rows: Sequence[Row], import_id: str, *, was_elsewhere: bool) -> None:
        """Read nothing."""

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        if row.number == 3:
            raise self.error
        assert context.key == str(row.number)
        return RowOutcome.CREATED, SUBJECT

    def keys(self, row: Row) -> RowKeys:
        return RowKeys([UUID(int=row.number)], ())


def context_of(row: Row) -> Context:
    return Context(key=str(row.number), actor="ops", correlation_id="import-1", now=datetime.now(UTC))


ROWS = [Row(number, {}) for number in (2, 3, 4)]


@pytest.mark.parametrize("error", [LookupError("a bug"), ValueError("王敏"), KeyError("name")])
async def test_a_row_that_fails_in_an_unforeseen_way_fails_alone(error: Exception) -> None:
    failures: list[Exception] = []
    results = {result.number: result for result in await import_rows(Failing(error), ROWS, context_of, failures)}
    assert {number: result.outcome for number, result in results.items()} == {2: "created", 3: "failed", 4: "created"}
    assert (results[3].status, (results[3].problem or {})["code"]) == (500, "internal")
    assert not failures


@pytest.mark.parametrize("error", [ConnectionError(), TimeoutError(), OverloadedError(), ConflictError()])
async def test_a_row_that_must_be_tried_again_has_no_result(error: Exception) -> None:
    failures: list[Exception] = []
    results = await import_rows(Failing(error), ROWS, context_of, failures)
    assert sorted(result.number for result in results) == [2, 4]
    assert failures == [error]
