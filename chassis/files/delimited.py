"""Reads the records of CSV as Excel means them: its separator, its quotes, its line `sep=`."""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import islice

from chassis.files.header import HEADER_ROWS
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import Record

DELIMITERS = (",", ";", "\t")
# Excel takes the separator from this line, and does not show it as a row.
NAMED_DELIMITER = re.compile(r'"?sep=([^\w\s"]|\t)"?[\t,;]*\r?\n', re.IGNORECASE)

# A line with its end. `io.StringIO` would hold another copy of the text, with four bytes per character.
LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")


def csv_records(text: str, known_headers: Callable[[list[str]], int]) -> Iterator[Record]:
    """Yield the records. The separator is the one with which the first lines have most known headers."""
    number = 0
    if named := NAMED_DELIMITER.match(text):
        text, delimiter = text[named.end() :], named.group(1)
    else:
        delimiter = max(DELIMITERS, key=lambda candidate: _likeness(text, candidate, known_headers))
    try:
        for number, cells in enumerate(_reader(text, delimiter), start=1):
            yield number, cells
    except csv.Error as error:
        raise UnreadableTableError("broken-csv", row=number + 1) from error


def _likeness(text: str, delimiter: str, known_headers: Callable[[list[str]], int]) -> tuple[int, int]:
    """Return how many known headers, and how many cells, the best of the first lines has with this separator."""
    best = (0, 0)
    try:
        for cells in islice(filter(None, _reader(text, delimiter)), HEADER_ROWS):
            best = max(best, (known_headers(cells), len(cells)))
    except csv.Error:
        return best
    return best


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = map(re.Match.group, LINE.finditer(text))
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
