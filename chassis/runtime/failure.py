"""Describes exceptions without personal data: an error's message may contain field values."""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TypeAlias

from aiokafka.errors import KafkaError

MAX_CHAIN = 5
MAX_FRAMES = 50
MAX_DESCRIPTION = 300
OWN_PACKAGE = "chassis"
# Besides our own errors, these have messages that name only hosts and topics. Messages of all others may contain data:
# a unique violation, for example, contains the value of the key.
SAFE_ERRORS = (OSError, KafkaError)
ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]


def describe_error(error: BaseException) -> str:
    """Return one line: the type of the error, and its message if that cannot contain personal data."""
    name = type(error).__name__
    if isinstance(error, SAFE_ERRORS) or type(error).__module__.partition(".")[0] == OWN_PACKAGE:
        return f"{name}: {error}"[:MAX_DESCRIPTION]
    details = (getattr(error, detail, None) for detail in ("sqlstate", "table_name", "constraint_name"))
    return " ".join([name, *(str(detail) for detail in details if detail)])[:MAX_DESCRIPTION]


def format_traceback(exc_info: ExceptionInfo) -> str:
    """Return the traceback with causes; each error appears as `describe_error` returns it."""
    return "".join(traceback_lines(exc_info[1], MAX_CHAIN))


def traceback_lines(error: BaseException, depth: int) -> Iterator[str]:
    """Yield the parts of a traceback, following at most `depth` causes."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause and depth:
        yield from traceback_lines(cause, depth - 1)
        yield "\nwhich led to\n"
    yield from traceback.format_tb(error.__traceback__, -MAX_FRAMES)
    yield describe_error(error)
    if isinstance(error, BaseExceptionGroup) and depth:
        for member in error.exceptions[:MAX_CHAIN]:
            yield "\nof which one is\n"
            yield from traceback_lines(member, depth - 1)
