"""Reads the sheets of an Excel workbook, in a separate process with a memory limit.

A few kilobytes can describe a sheet of billions of cells, and the library aborts the process when memory runs
out. Only the operating system can limit that, and only for a process other than the service.
"""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chassis.files.refusal import UnreadableTableError

TIMEOUT_SECONDS = 60
SCRIPT = Path(__file__).with_name("workbook_process.py")


def outline(content: bytes) -> list[tuple[str, bool, list[tuple[int, list[str]]]]]:
    """Return the name, the visibility and the first rows of each sheet. Raises UnreadableTableError."""
    (sheets,) = _run(content, "outline")
    return [(name, is_visible, [(number, cells) for number, cells in first]) for name, is_visible, first in sheets]


def sheet_rows(content: bytes, index: int, header: int) -> Iterator[tuple[int, list[str], list[int]]]:
    """Yield number, cells and filled-down columns of each row that has cells. Raises UnreadableTableError."""
    yield from _run(content, "rows", str(index), str(header))


def _run(content: bytes, *arguments: str) -> Iterator[Any]:
    command = [sys.executable, "-I", str(SCRIPT), *arguments]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and file; the upload goes to its stdin.
            command, input=content, capture_output=True, timeout=TIMEOUT_SECONDS, check=True
        )
    except subprocess.SubprocessError as error:
        raise UnreadableTableError("unreadable-workbook") from error
    return map(json.loads, io.BytesIO(child.stdout))
