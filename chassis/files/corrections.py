"""The failed rows of an import as a file: with the cells as they were sent, to be corrected and sent again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.commands.problem import ProblemError, not_found
from chassis.files.export import write_csv, write_rows
from chassis.files.header import RESULT_COLUMNS
from chassis.files.kept_cells import CELLS_RETENTION
from chassis.postgres.database import Pool

# Written at once; between two parts, the process answers other requests.
ROWS_OF_A_PART = 1_000
HEADER = "SELECT header FROM import_batch WHERE id = $1"
NEXT_FAILED = """
    SELECT number, original, problem FROM import_row WHERE batch_id = $1 AND outcome = 'failed' AND number > $2
    ORDER BY number LIMIT $3
"""


async def header_of(pool: Pool, import_id: UUID) -> list[str]:
    """Return the header of a file. Raise a problem if the import is unknown, or the cells have been deleted."""
    batch = await pool.fetchrow(HEADER, import_id)
    if batch is None:
        raise not_found()
    if batch["header"] is None:
        days = CELLS_RETENTION.days
        en = f"The cells of failed rows are deleted {days} days after the import has ended."
        raise ProblemError("gone", en, f"失败行的单元格内容在导入结束 {days} 天后删除。")
    header: list[str] = batch["header"]
    return header


async def correction_parts(pool: Pool, import_id: UUID, header: Sequence[str]) -> AsyncIterator[bytes]:
    """Yield a CSV file of the failed rows in parts. Cells that were erased are empty."""
    yield write_csv([*header, *RESULT_COLUMNS], [])
    last = 0
    while rows := await pool.fetch(NEXT_FAILED, import_id, last, ROWS_OF_A_PART):
        yield write_rows(correction_cells(len(header), dict(row)) for row in rows)
        last = rows[-1]["number"]


def correction_cells(width: int, row: Mapping[str, Any]) -> list[str]:
    cells = (row["original"] or [])[:width]
    problem = row["problem"]
    reasons = [problem["column"], problem["code"], problem["detail_zh"], problem["detail"]]
    return [*cells, *[""] * (width - len(cells)), str(row["number"]), *reasons]
