"""A table as it is read from a file: its columns, its rows, and what the reader has to say about them."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.field_error import FieldError

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_CELL_CHARACTERS = 10_000
# Excel keeps up to 32,767 characters in a cell.
MAX_ROW_CHARACTERS = 50_000
# A small workbook can repeat one long text without end. A text has at most MAX_BYTES characters, which is less.
MAX_TABLE_CHARACTERS = 50_000_000
# Excel allows 31 characters; other programs that write workbooks allow more.
MAX_SHEET_NAME = 255

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
class Guide:
    """How to fill in a column, in English and in Chinese, and its cells in the example rows of a template.

    The cells of the Chinese template are the same, unless `examples_zh` are given.
    """

    en: str = ""
    zh: str = ""
    examples: Sequence[str] = ()
    examples_zh: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a row, the headers accepted for its column, and what its cells mean.

    `headers` begin with the Chinese name; the first of ASCII characters is the English name. `words` are the accepted
    words with their values, if not every text is accepted.
    """

    field: str
    headers: Sequence[str]
    required: bool = False
    meaning: Meaning = Meaning.TEXT
    words: Mapping[str, object] = dataclasses.field(default_factory=dict)
    guide: Guide = Guide()

    def name(self, *, chinese: bool) -> str:
        """Return the header of a template in this language."""
        return self.headers[0] if chinese else next(filter(str.isascii, self.headers))


# The system whose numbers a row states: the parameter `system` of the request, unless the row names another.
SOURCE_SYSTEM = Column(
    "system",
    ("来源系统", "source_system"),
    guide=Guide(
        "The system that the numbers of this row come from: a code such as erp. Empty: they are your own.",
        "本行编号所属的系统，填代码，例如 erp。编号是贵公司自己编的，留空即可。",
    ),
)
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


def fault(column: str, error: CellError) -> dict[str, str]:
    """Return the problem of a row."""
    return {"column": column, "code": error.code, "detail": error.en, "detail_zh": error.zh}


def with_system(cells: dict[str, str], system: str) -> dict[str, str]:
    """Return the cells of a row with the system of its numbers: `system`, unless the row names one."""
    return cells | {SOURCE_SYSTEM.field: cells[SOURCE_SYSTEM.field] or system}
