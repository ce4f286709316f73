"""Uses the REST interfaces of the running stack: imports a file, and lists the events of a customer."""

import asyncio
from collections.abc import Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from demo.client import Client, client_of
from deploy.care import access, output
from deploy.care.exits import Exit
from deploy.care.options import DataDir, Json, Spoken
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.text import Language, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SUBJECT = "care"
# Which service imports which kind of file.
KINDS = {"customers": "customer", "orders": "customer", "contracts": "customer", "followups": "followup"}
CONTENT_TYPES = {".csv": CSV_TYPE, ".xlsx": XLSX_TYPE}
PAGE = "200"
# Of a longer file, people see the rows that failed; --json has all.
SHOWN_ROWS = 50
SHOWN_EVENTS = 50
FAILED = "failed"
ID = EVENT = 2
ROW_HEADINGS = (
    Text("Row", "行"),
    Text("Outcome", "结果"),
    Text("Id", "编号"),
    Text("Column", "列"),
    Text("Reason", "原因"),
)
PREVIEW = Text("Nothing was imported. Preview of ", "未导入，仅试算：")
EVENT_HEADINGS = (
    Text("Occurred", "发生时间"),
    Text("Recorded", "记录时间"),
    Text("Event", "事件"),
    Text("Actor", "操作人"),
    Text("Data", "数据"),
)
OUTCOMES = {
    "created": Text("created", "新建"),
    "changed": Text("changed", "更新"),
    "unchanged": Text("unchanged", "无变化"),
    FAILED: Text("failed", "失败"),
}


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file or an Excel workbook (.xlsx).")],
    kind: Annotated[str | None, typer.Option(help="customers, orders, contracts or followups.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of the workbook to read; it may be hidden.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Import nothing; show what would happen.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Import a file. Without --kind, its name must begin with one. The exit code is 1 if a row failed."""
    chosen, content_type = kind or _kind_in(file.name), CONTENT_TYPES.get(file.suffix.lower())
    if chosen not in KINDS:
        raise typer.BadParameter(f"Choose --kind from {', '.join(KINDS)}.")
    if content_type is None:
        raise typer.BadParameter(f"{file.name} must end in {' or '.join(CONTENT_TYPES)}.")
    send = _previewed if preview else _imported
    batch, rows = asyncio.run(send(data_dir, file, chosen, content_type, sheet))
    failed = [row for row in rows if row["outcome"] == FAILED]
    title = f"{output.spoken(PREVIEW) if preview else ''}{chosen}"
    table = _row_table(title, batch, rows if len(rows) <= SHOWN_ROWS else failed)
    output.show({"preview" if preview else "import": batch, "rows": rows}, table, as_json=as_json)
    raise typer.Exit(Exit.PROBLEM if failed else Exit.OK)


def events(
    customer_id: UUID,
    limit: Annotated[int, typer.Option(min=1, help="How many events, the newest first.")] = SHOWN_EVENTS,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """List the events of a customer, of all services, the newest first."""
    found = asyncio.run(_timeline(data_dir, customer_id, limit))
    output.show(found, _event_table(found), as_json=as_json)


@asynccontextmanager
async def _client(data_dir: Path) -> "AsyncIterator[Client]":
    environment = await asyncio.to_thread(access.services, data_dir)
    async with client_of(environment, SUBJECT) as client:
        client.http.headers["Accept-Language"] = "zh-CN" if output.language() == Language.ZH else "en"
        yield client


def _kind_in(name: str) -> str | None:
    return next((kind for kind in KINDS if name.lower().startswith(kind)), None)


async def _imported(
    data_dir: Path, file: Path, kind: str, content_type: str, sheet: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Send the file, wait for the end of the import, and return it with the result of each row."""
    service, content = KINDS[kind], await asyncio.to_thread(file.read_bytes)
    async with _client(data_dir) as client:
        import_id = await client.send_file(service, content, kind, content_type, sheet)
        batch: dict[str, Any] = {}
        with _progress() as progress:
            bar = progress.add_task(file.name, total=None)
            async for batch in client.progress_of(service, import_id):
                waiting = batch["counts"].get("waiting", 0)
                progress.update(bar, total=batch["rows"], completed=batch["rows"] - waiting)
        rows = client.pages(service, f"/v1/imports/{import_id}/rows", limit=PAGE)
        return batch, [row async for row in rows]


async def _previewed(
    data_dir: Path, file: Path, kind: str, content_type: str, sheet: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what an import of the file would do, and the result of each row."""
    content = await asyncio.to_thread(file.read_bytes)
    async with _client(data_dir) as client:
        told = await client.preview_file(KINDS[kind], content, kind, content_type, sheet)
    rows = told.pop("items")
    return told, rows


async def _timeline(data_dir: Path, customer_id: UUID, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with _client(data_dir) as client:
        async for entry in client.pages("reporting", f"/v1/customers/{customer_id}/timeline", limit=PAGE):
            if len(found) == limit:
                break
            found.append(entry)
    return found


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=output.stderr)


def _row_table(title: str, batch: dict[str, Any], rows: Iterable[dict[str, Any]]) -> Table:
    table = output.table(*ROW_HEADINGS, whole=ID)
    counted = ", ".join(f"{_outcome(name)} {count}" for name, count in batch["counts"].items() if count)
    table.title, table.title_justify = f"{title}: {counted}", "left"
    detail = "detail_zh" if output.language() == Language.ZH else "detail"
    table.caption = "\n".join(escape(" ".join(filter(None, (note["column"], note[detail])))) for note in batch["notes"])
    table.caption_justify = "left"
    for row in rows:
        problem = row["problem"] or {}
        reason = problem.get(detail) or ""
        cells = (_outcome(row["outcome"]), str(row["id"] or ""), escape(problem.get("column") or ""), escape(reason))
        table.add_row(str(row["row"]), *cells, style="red" if row["outcome"] == FAILED else "")
    return table


def _outcome(name: str) -> str:
    return output.spoken(OUTCOMES[name]) if name in OUTCOMES else name


def _event_table(found: Iterable[dict[str, Any]]) -> Table:
    table = output.table(*EVENT_HEADINGS, whole=EVENT)
    for event in found:
        data = ", ".join(f"{name}={value}" for name, value in event["data"].items() if value not in (None, [], {}))
        name = event["type"].removeprefix("care.").removesuffix(".v1")
        cells = (_minute(event["occurred_at"]), _minute(event["recorded_at"]), name, event["actor"], data)
        table.add_row(*map(escape, cells))
    return table


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")
