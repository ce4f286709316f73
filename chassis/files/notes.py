"""Notes on a file: what was left out of it, or read in another spelling. They never repeat a cell."""

from collections.abc import Mapping

# The rows that a note names; it always counts all of them.
NAMED_ROWS = 20

NOTES: Mapping[str, tuple[str, str]] = {
    "no-rows": (
        "There are no rows below the header. Nothing was imported.",
        "表头下面没有数据行，没有导入任何内容。",
    ),
    "unused-column": ("This column is not used.", "该列未使用。"),
    "rows-above-header": ("These rows stand above the header. They were skipped.", "这些行在表头之上，已跳过。"),
    "unused-sheet": ("This sheet was not read.", "该工作表未读取。"),
    "filled-down": (
        "Merged cells: each of these rows got the value of the first one.",
        "合并单元格：这些行均取合并区域的值。",
    ),
    "hidden-characters": ("Invisible characters were removed.", "已去除不可见字符。"),
    "text-mark": ("Marks by which Excel takes digits as text were removed.", "已去除 Excel 的文本标记。"),
    "time-left-out": ("The time of day was left out: the column holds days.", "该列为日期，已略去时刻。"),
    "serial-day": ("The number of a day was read as the day.", "已将日期序号读作日期。"),
    "open-ended": ("Read as: without an end.", "读作：无结束日期。"),
    "amount-unit": ("万 and 亿 were multiplied out.", "已将“万”“亿”换算为数字。"),
}


class Notes:
    """Collects notes, one for each code and column."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], list[int]] = {}

    def add(self, code: str, column: str, row: int | None = None) -> None:
        self._rows.setdefault((code, column), []).extend([] if row is None else [row])

    def documents(self) -> list[dict[str, object]]:
        """Return the notes in the order of their first rows."""
        return [
            {
                "code": code,
                "column": column,
                "rows": sorted(rows)[:NAMED_ROWS],
                "count": len(rows),
                "detail": NOTES[code][0],
                "detail_zh": NOTES[code][1],
            }
            for (code, column), rows in self._rows.items()
        ]
