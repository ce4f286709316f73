"""Bounds how often a row is tried: a row that times out each time fails, so that its file ends.

Guarantee. A row fails only after MAX_ATTEMPTS turns in which nothing but such rows went wrong. What passes by itself, a
database that is away or a service that is overloaded, never counts, however long it lasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from asyncpg.exceptions import QueryCanceledError

from chassis.commands.result import ConflictError
from chassis.files.importer import RowOutcome, RowResult
from chassis.files.table import Row
from chassis.runtime import failure

# The pauses between them grow to some seconds: minutes in all.
MAX_ATTEMPTS = 20
COUNTED = (TimeoutError, QueryCanceledError, ConflictError)
TIMED_OUT = {
    "column": "",
    "code": "timeout",
    "detail": f"The row could not be imported in time, in {MAX_ATTEMPTS} attempts. Send it again later.",
    "detail_zh": f"该行尝试 {MAX_ATTEMPTS} 次均超时，未能导入，请稍后重新发送。",
}


@dataclass(frozen=True, slots=True)
class RowFailure:
    """Why a row has no result in a turn."""

    row: Row
    error: Exception


def that_count(failures: Sequence[RowFailure]) -> Sequence[RowFailure]:
    """Return the failures of a turn that count: none, if what holds up one of its rows passes by itself."""
    return failures if all(is_counted(each.error) for each in failures) else ()


def is_counted(error: Exception) -> bool:
    """Return whether the command itself took too long. A time-out with an `errno` is a lost connection."""
    return isinstance(error, COUNTED) and getattr(error, "errno", None) is None


def given_up(counted: Sequence[RowFailure], attempts: Mapping[int, int]) -> list[RowResult]:
    """Return the results of the rows that are not tried again, given how many attempts of each row counted before."""
    last = [each for each in counted if attempts[each.row.number] + 1 >= MAX_ATTEMPTS]
    for each in last:
        reason = failure.describe_error(each.error)
        structlog.get_logger().error("import.row_given_up", row=each.row.number, reason=reason)
    return [RowResult(each.row.number, RowOutcome.FAILED, 503, problem=TIMED_OUT) for each in last]
