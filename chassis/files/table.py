"""A table as it is read from a file: its columns, its rows, and what the reader has to say about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.field_error import FieldError

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_CELL_CHARACTERS = 10_000

# The number that a spreadsheet program shows for a row, and the texts of its cells.
Record = tuple[int, list[str]]


class Meaning(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    # A day; a time of day is left out, and reported.
    DAY = "day"
    # The last day of something. It may be open: 长期, 9999-12-31.
    LAST_DAY = "last-day"
    # A day, with a time of day or without.
    MOMENT = "moment"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a row, the headers accepted for its column, and what its cells mean."""

    field: str
    headers: Sequence[str]
    required: bool = False
    meaning: Meaning = Meaning.TEXT


# The system whose numbers a row states: the parameter `system` of the request, unless the row names another.
SOURCE_SYSTEM = Column("system", ("来源系统", "source_system"))
FILE_SYSTEM = "file"


class CellError(FieldError):
    """A cell cannot be read. The message does not repeat the cell, which may contain personal data."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.code = code


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. A row with a `fault` is not imported; the fault names the column and the reason.

    `cells` are the texts by field; `original` are the cells of all columns as they were sent. Rows that read the same
    are equal, however they were written.
    """

    number: int
    cells: dict[str, str]
    fault: Mapping[str, str] | None = None
    original: Sequence[str] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """`sheet` is the name of the sheet that was read. `notes` are what was left out or read in another spelling."""

    rows: list[Row]
    notes: Sequence[Mapping[str, object]] = ()
    sheet: str | None = None


def fault(column: str, error: CellError) -> dict[str, str]:
    """Return the problem of a row."""
    return {"column": column, "code": error.code, "detail": error.en, "detail_zh": error.zh}


def with_system(cells: dict[str, str], system: str) -> dict[str, str]:
    """Return the cells of a row with the system of its numbers: `system`, unless the row names one."""
    return cells | {SOURCE_SYSTEM.field: cells[SOURCE_SYSTEM.field] or system}
