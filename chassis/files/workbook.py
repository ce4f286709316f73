"""Reads the sheets of an Excel workbook, in a separate process with a memory limit.

A few kilobytes can describe a sheet of billions of cells, and the library aborts the process when memory runs
out. Only the operating system can limit that, and only for a process other than the service.
"""

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
from chassis.files.table import Record

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
    is_late, sheets = json.loads(_run(content, "outline", *([chosen] if chosen else ())))
    start = LATE_SERIAL_START if is_late else SERIAL_START
    return Outline(start, [(name, is_visible, list(map(tuple, first))) for name, is_visible, first in sheets])


def sheet_rows(content: bytes, index: int, header: int) -> Callable[[], Iterator[Any]]:
    """Read a sheet. Return what yields number, cells and filled-down columns of each row that has cells.

    Raises UnreadableTableError.
    """
    printed = _run(content, "rows", str(index), str(header))
    return lambda: map(json.loads, io.BytesIO(printed))


def _run(content: bytes, *arguments: str) -> bytes:
    command = [sys.executable, "-I", str(SCRIPT), *arguments]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and file; the upload goes to its stdin.
            command, input=content, capture_output=True, timeout=TIMEOUT_SECONDS, check=True
        )
    except subprocess.SubprocessError as error:
        raise UnreadableTableError("unreadable-workbook") from error
    return child.stdout
