"""Recognises rows of a sheet that are no records: totals, signatures, and names that stand alone."""

import re
import unicodedata
from collections.abc import Sequence

from chassis.files.table import CellError

UNITS = "元万亿条户家个笔单份张项位名人次"
TOTAL = re.compile(
    r"(合计|总计|小计|共计|总数|汇总|本页小计|grandtotal|sub-?total|total|sum)"
    rf"(:?\(?共?[¥$€]?[\d,.]*[{UNITS}]*\)?)|共[\d,]+[{UNITS}]"
)
SIGNATURE = re.compile(
    r"(制表|填表|填报|审核|复核|审批|制单|经办|统计|签字|签名|签章|盖章|负责人签字|主管签字"
    r"|preparedby|approvedby|checkedby|signature|signed)(人员|人|者)?(签字|签名|签章)?(:.*|)"
)
FIGURE = re.compile(rf"共?[¥$€]?-?[\d,.]+[%{UNITS}]*")
# A table has rows that say more than a name if most of its rows have this many cells.
CELLS_OF_A_FULL_ROW = 3


def leftover(cells: Sequence[str], *, mostly_full: bool) -> CellError | None:
    """Return the reason if a row with cells is no record. `mostly_full`: most rows of the table are full."""
    first, *others = ["".join(unicodedata.normalize("NFKC", cell).casefold().split()) for cell in cells if cell.strip()]
    if TOTAL.fullmatch(first) and all(map(FIGURE.fullmatch, others)):
        return CellError("totals-row", "This row holds totals. It is not imported.", "这一行是合计，未导入。")
    if SIGNATURE.fullmatch(first):
        return CellError(
            "signature-row",
            "This row is a signature. It is not imported.",
            "这一行是制表或签字信息，未导入。",
        )
    if mostly_full and not others:
        return CellError(
            "nothing-but-a-name",
            "This row has one cell only, and the others have more. If it is a record, fill in another cell.",
            "这一行只有一个单元格，而其他行有更多内容。如果它确是一条记录，请补充一个单元格后重新发送。",
        )
    return None


def is_full(cells: Sequence[str]) -> bool:
    """Return whether a row says more than a name."""
    return sum(bool(cell.strip()) for cell in cells) >= CELLS_OF_A_FULL_ROW
