"""Tells of a failure without its words: an error's message may repeat what a person said or is called."""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TypeAlias

from aiokafka.errors import KafkaError

MAX_CHAIN = 5
MAX_FRAMES = 50
MAX_SENTENCE = 300
OURS = "chassis"
# Besides our own, the errors whose messages name hosts and topics. All others may repeat a row or a field: a unique
# key that is violated, for one, is told with its value.
PLAIN = (OSError, KafkaError)
Raised: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]


def sentence_of(error: BaseException) -> str:
    """Return a line: the error's type, and its message where that cannot hold data."""
    name = type(error).__name__
    if isinstance(error, PLAIN) or type(error).__module__.partition(".")[0] == OURS:
        return f"{name}: {error}"[:MAX_SENTENCE]
    known = (getattr(error, part, None) for part in ("sqlstate", "table_name", "constraint_name"))
    return " ".join([name, *(str(each) for each in known if each)])[:MAX_SENTENCE]


def trace_of(exc_info: Raised) -> str:
    """Return where it was raised and from what; the messages only as `sentence_of` tells them."""
    return "".join(lines_of(exc_info[1], MAX_CHAIN))


def lines_of(error: BaseException, more: int) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before and more:
        yield from lines_of(before, more - 1)
        yield "\nwhich led to\n"
    yield from traceback.format_tb(error.__traceback__, -MAX_FRAMES)
    yield sentence_of(error)
    if isinstance(error, BaseExceptionGroup) and more:
        for each in error.exceptions[:MAX_CHAIN]:
            yield "\nof which one is\n"
            yield from lines_of(each, more - 1)
