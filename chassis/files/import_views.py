"""Reads imports: one with its progress, or a list of them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.files.importer import RowOutcome, in_order
from chassis.files.kept_cells import CELLS_RETENTION
from chassis.files.retention import RESULT_RETENTION
from chassis.postgres.database import Pool

BATCHES = """
    SELECT id, coalesce(nullif(kind, ''), $1) AS kind, created_by, created_at, rows, status, ended_at, sheet, notes,
        coalesce(counts, progress, jsonb_build_object('waiting', rows)) AS counts
    FROM import_batch
"""
ONE = f"{BATCHES} WHERE id = $2"
NEWEST = f"""
    {BATCHES}
    WHERE ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR coalesce(nullif(kind, ''), $1) = $3)
        AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
    ORDER BY created_at DESC, id DESC LIMIT $6
"""


class ImportStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"


class ImportNote(BaseModel):
    """What was left out of a file, or read in another spelling: in a column, or in a sheet of this name.

    `rows` are the first rows that it is about, and `count` is the number of all.
    """

    code: str
    column: str
    rows: list[int]
    count: int
    detail: str
    detail_zh: str


class ImportView(BaseModel):
    """The progress of an import. `counts`: how many rows were created, changed, unchanged, failed, or are waiting.

    The results of single rows are kept until `rows_kept_until`, and the cells of failed rows until `cells_kept_until`.
    Both are null while the import runs.
    """

    id: UUID
    kind: str
    status: ImportStatus
    rows: int
    counts: dict[RowOutcome, int]
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    rows_kept_until: datetime | None
    cells_kept_until: datetime | None
    sheet: str | None
    notes: list[ImportNote]


async def one(pool: Pool, default_kind: str, import_id: UUID) -> ImportView | None:
    """Return an import. `default_kind` is the kind of files that were sent before kinds were stored."""
    batch = await pool.fetchrow(ONE, default_kind, import_id)
    return view(dict(batch)) if batch else None


async def newest(
    pool: Pool,
    default_kind: str,
    *,
    status: ImportStatus | None,
    kind: str | None,
    place: list[str] | None,
    size: int,
) -> list[ImportView]:
    """Return up to size + 1 imports, the newest first, after the one with the sort key `place`."""
    before = (datetime.fromisoformat(place[0]), UUID(place[1])) if place else (None, None)
    rows = await pool.fetch(NEWEST, default_kind, status, kind, *before, size + 1)
    return [view(dict(row)) for row in rows]


def sort_key(shown: ImportView) -> list[str]:
    return [shown.created_at.isoformat(), str(shown.id)]


def view(batch: Mapping[str, Any]) -> ImportView:
    ended_at = batch["ended_at"]
    kept = {"rows_kept_until": RESULT_RETENTION, "cells_kept_until": CELLS_RETENTION}
    until = {name: ended_at and ended_at + time for name, time in kept.items()}
    return ImportView.model_validate({**batch, **until, "counts": in_order(batch["counts"])})
