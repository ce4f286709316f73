"""The reasons to refuse a whole file, in English and in Chinese."""

from chassis.files.table import (
    MAX_BYTES,
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    MAX_ROWS,
    MAX_TABLE_CHARACTERS,
)

REASONS = {
    "unsupported-type": (
        "A table must be CSV or an Excel workbook (.xlsx), not {found}.",
        "文件应为 CSV 或 Excel 工作簿（.xlsx），而不是 {found}。",
    ),
    "other-format": (
        "The file is {found}, not CSV or an Excel workbook (.xlsx). Save it as .xlsx.",
        "文件的实际格式是{found_zh}，不是 CSV 或 Excel 工作簿（.xlsx），请另存为 .xlsx。",
    ),
    "file-too-large": (f"The file is larger than {MAX_BYTES} bytes.", "文件过大。"),
    "empty-file": (
        "The file is empty: it has no header and no rows.",
        "文件是空的：没有表头，也没有数据行。",
    ),
    "too-many-rows": (
        f"The file has more than {MAX_ROWS} rows; send it in several files.",
        f"文件超过 {MAX_ROWS} 行，请分成几个文件。",
    ),
    "too-many-columns": (
        f"Row {{row}} has more than {MAX_COLUMNS} cells.",
        f"第 {{row}} 行超过 {MAX_COLUMNS} 列。",
    ),
    "duplicate-column": (
        "The columns {columns} mean the same; keep one of them.",
        "列“{column}”与另一列含义相同，请只保留一列。",
    ),
    "missing-column": (
        "The column {column} is missing; its header may be one of {expected}. Searched: {places}.",
        "缺少列“{column}”。已查找：{places_zh}。",
    ),
    "row-too-wide": (
        "Row {row} has more cells than the header; a value that holds a delimiter needs quotes.",
        "第 {row} 行的单元格比表头多；含有分隔符的内容须加引号。",
    ),
    "cell-too-long": (
        f"Row {{row}} has a cell of more than {MAX_CELL_CHARACTERS} characters.",
        f"第 {{row}} 行“{{column}}”超过 {MAX_CELL_CHARACTERS} 个字符。",
    ),
    "row-too-long": (
        f"The cells of row {{row}} have more than {MAX_ROW_CHARACTERS} characters together.",
        f"第 {{row}} 行各单元格合计超过 {MAX_ROW_CHARACTERS} 个字符。",
    ),
    "table-too-long": (
        f"Up to row {{row}}, the cells have more than {MAX_TABLE_CHARACTERS} characters; send them in several files.",
        f"到第 {{row}} 行为止，各单元格合计超过 {MAX_TABLE_CHARACTERS} 个字符，请分成几个文件。",
    ),
    "unknown-encoding": (
        "Line {row} is not text in UTF-8, GB18030 or UTF-16; save the file as CSV UTF-8.",
        "第 {row} 行不是 UTF-8、GB18030 或 UTF-16 编码的文本，请另存为“CSV UTF-8”。",
    ),
    "broken-encoding": (
        "The file is UTF-8, but line {row} contains bytes that are not. Correct the line, or save the file again.",
        "文件是 UTF-8 编码，但第 {row} 行含有无效字节，请更正该行或重新保存文件。",
    ),
    "broken-csv": (
        "Row {row} cannot be read. Each opened quotation mark must be closed.",
        "第 {row} 行无法读取：引号须成对出现。",
    ),
    "workbook-too-large": (
        "The workbook is too large when it is unpacked. Split it, or save it as CSV.",
        "工作簿解压后过大，请拆分或另存为 CSV。",
    ),
    "protected-workbook": (
        "The workbook has a password. Save it without one.",
        "工作簿设有密码，请取消密码后保存。",
    ),
    "no-visible-sheet": (
        "The workbook has no visible sheet with cells.",
        "工作簿中没有可见且有内容的工作表。",
    ),
    "unknown-sheet": (
        "The workbook has no sheet of this name. Its sheets are: {sheets}.",
        "工作簿中没有该名称的工作表。已有的工作表：{sheets}。",
    ),
    "empty-sheet": (
        "The sheet has no cells.",
        "该工作表没有内容。",
    ),
    "sheet-of-text": (
        "The file is CSV, which has no sheets. Send it without the name of a sheet.",
        "文件是 CSV，没有工作表，请不要指定工作表名称。",
    ),
    "unreadable-workbook": (
        "The workbook cannot be opened: it is damaged or too large. Save it again, or as CSV.",
        "无法打开工作簿：文件已损坏或过大，请重新保存或另存为 CSV。",
    ),
}


# The reasons that speak of the sheet that the sender named, not of a place in the file.
REASONS_OF_CHOICE = frozenset({"unknown-sheet", "empty-sheet", "sheet-of-text"})


class UnreadableTableError(ValueError):
    """The file cannot be read: `en` and `zh` are the reason; `row` and `column` are the place, if known."""

    def __init__(self, code: str, *, row: int | None = None, column: str | None = None, **values: str) -> None:
        self.en, self.zh = (text.format(row=row, column=column, **values) for text in REASONS[code])
        super().__init__(self.en)
        self.code = code
        self.row = row
        self.column = column
