"""Reads the sheets of an Excel workbook, in a separate process with a memory limit.

A few kilobytes can describe a sheet of billions of cells, and the library aborts the process when memory runs
out. Only the operating system can limit that, and only for a process other than the service. What that process prints
is compressed, and stays so: the service decompresses one row at a time.
"""

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chassis.files.days import LATE_SERIAL_START, SERIAL_START
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import MAX_ROW_CHARACTERS, MAX_TABLE_CHARACTERS, Record

TIMEOUT_SECONDS = 60
SCRIPT = Path(__file__).with_name("workbook_process.py")


@dataclass(frozen=True, slots=True)
class Outline:
    """What the days of a workbook count from; and the name, the visibility and the first rows of each sheet."""

    serial_start: datetime
    sheets: list[tuple[str, bool, list[Record]]]


def outline(content: bytes, chosen: str | None = None) -> Outline:
    """Return the outline of a workbook, with the rows of a hidden sheet only if it is chosen.

    Raises UnreadableTableError.
    """
    printed = _run(content, "outline", MAX_ROW_CHARACTERS, *([chosen] if chosen else ()))
    is_late, sheets = json.loads(gzip.decompress(printed))
    start = LATE_SERIAL_START if is_late else SERIAL_START
    return Outline(start, [(name, is_visible, list(map(tuple, first))) for name, is_visible, first in sheets])


def sheet_rows(content: bytes, index: int, header: int) -> Callable[[], Iterator[Any]]:
    """Read a sheet. Return what yields number, cells and filled-down columns of each row that has cells.

    Both raise UnreadableTableError.
    """
    printed = _run(content, "rows", index, header, MAX_ROW_CHARACTERS, MAX_TABLE_CHARACTERS)
    return lambda: _records(printed)


def _records(printed: bytes) -> Iterator[Any]:
    with gzip.open(io.BytesIO(printed)) as lines:
        for line in lines:
            match json.loads(line):
                case {"too_long_row": number}:
                    raise UnreadableTableError("row-too-long", row=number)
                case {"too_long_table": number}:
                    raise UnreadableTableError("table-too-long", row=number)
                case record:
                    yield record


def _run(content: bytes, *arguments: object) -> bytes:
    """Return what the process prints, compressed."""
    command = [sys.executable, "-I", str(SCRIPT), *map(str, arguments)]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and file; the upload goes to its stdin.
            command, input=content, capture_output=True, timeout=TIMEOUT_SECONDS, check=True
        )
    except subprocess.SubprocessError as error:
        raise UnreadableTableError("unreadable-workbook") from error
    return child.stdout
