"""Uses the REST interfaces of the running stack: imports a file, and lists the events of a customer."""

import asyncio
from collections.abc import Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Group
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
# Words in the names of Chinese files. A name with two of them, such as 客户订单, tells no kind.
KIND_WORDS = {"客户": "customers", "订单": "orders", "合同": "contracts", "跟进": "followups"}
CONTENT_TYPES = {".csv": CSV_TYPE, ".xlsx": XLSX_TYPE}
PAGE = "200"
# Of a longer file, people see the rows that failed; --json has all.
SHOWN_ROWS = 50
SHOWN_EVENTS = 50
FAILED = "failed"
ROW, EVENT = 0, 1
ROW_HEADINGS = (Text("Row", "行"), Text("Outcome", "结果"), Text("Id, or reason", "编号或原因"))
NO_KIND = Text(
    f"Choose --kind from {', '.join(KINDS)}.", f"文件名看不出是哪种表格，请用 --kind 说明：{'、'.join(KINDS)}。"
)
WRONG_TYPE = Text(
    f"The name must end in {' or '.join(CONTENT_TYPES)}.", f"文件名须以 {' 或 '.join(CONTENT_TYPES)} 结尾。"
)
ROWS = Text("rows ", "行 ")
PREVIEW = Text("Nothing was imported. Preview of ", "未导入，仅试算：")
EVENT_HEADINGS = (
    Text("Occurred (UTC)\nRecorded", "发生时间 (UTC)\n记录时间"),
    Text("Event\nActor", "事件\n操作人"),
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
    system: Annotated[
        str | None, typer.Option(help="The system whose numbers the file states, for example erp. By default: file.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Import nothing; show what would happen.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Import a file. Without --kind, its name tells it: customers….csv, or 客户. The exit code is 1 if a row failed."""
    chosen, content_type = kind or kind_in(file.name), CONTENT_TYPES.get(file.suffix.lower())
    if chosen not in KINDS:
        raise typer.BadParameter(output.spoken(NO_KIND))
    if content_type is None:
        raise typer.BadParameter(output.spoken(WRONG_TYPE))
    send = _previewed if preview else _imported
    batch, rows = asyncio.run(send(data_dir, file, chosen, content_type, {"sheet": sheet, "system": system}))
    failed = [row for row in rows if row["outcome"] == FAILED]
    title = f"{output.spoken(PREVIEW) if preview else ''}{chosen}"
    table = _row_table(title, batch, rows if len(rows) <= SHOWN_ROWS else failed)
    shown = Group(table, *(escape(_note(note)) for note in batch["notes"]))
    output.show({"preview" if preview else "import": batch, "rows": rows}, shown, as_json=as_json)
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


def kind_in(name: str) -> str | None:
    """Return the kind that the name of a file tells; None if it tells none, or two."""
    found = {kind for kind in KINDS if name.lower().startswith(kind)}
    found |= {kind for word, kind in KIND_WORDS.items() if word in name}
    return found.pop() if len(found) == 1 else None


async def _imported(
    data_dir: Path, file: Path, kind: str, content_type: str, query: dict[str, str | None]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Send the file, wait for the end of the import, and return it with the result of each row."""
    service, content = KINDS[kind], await asyncio.to_thread(file.read_bytes)
    async with _client(data_dir) as client:
        import_id = await client.send_file(service, content, kind, content_type, **query)
        batch: dict[str, Any] = {}
        with _progress() as progress:
            bar = progress.add_task(file.name, total=None)
            async for batch in client.progress_of(service, import_id):
                waiting = batch["counts"].get("waiting", 0)
                progress.update(bar, total=batch["rows"], completed=batch["rows"] - waiting)
        rows = client.pages(service, f"/v1/imports/{import_id}/rows", limit=PAGE)
        return batch, [row async for row in rows]


async def _previewed(
    data_dir: Path, file: Path, kind: str, content_type: str, query: dict[str, str | None]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what an import of the file would do, and the result of each row."""
    content = await asyncio.to_thread(file.read_bytes)
    async with _client(data_dir) as client:
        told = await client.preview_file(KINDS[kind], content, kind, content_type, **query)
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
    table = output.table(*ROW_HEADINGS, whole=ROW)
    counted = ", ".join(f"{_outcome(name)} {count}" for name, count in batch["counts"].items() if count)
    table.title, table.title_justify = f"{title}: {counted}", "left"
    for row in rows:
        found = "\n".join(filter(None, (row["id"], _reason(row["problem"] or {}))))
        style = "red" if row["outcome"] == FAILED else ""
        table.add_row(str(row["row"]), _outcome(row["outcome"]), escape(found), style=style)
    return table


def _reason(problem: dict[str, Any]) -> str:
    return ": ".join(filter(None, (problem.get("column"), problem.get(_detail()))))


def _note(note: dict[str, Any]) -> str:
    """Return what a note says, with the rows that it is about."""
    numbers = ", ".join(map(str, note["rows"])) + (" …" if note["count"] > len(note["rows"]) else "")
    rows = f" ({output.spoken(ROWS)}{numbers})" if note["rows"] else ""
    return f"{_reason(note)}{rows}"


def _detail() -> str:
    """Return the name of the field of the reason in the language of the output."""
    return "detail_zh" if output.language() == Language.ZH else "detail"


def _outcome(name: str) -> str:
    return output.spoken(OUTCOMES[name]) if name in OUTCOMES else name


def _event_table(found: Iterable[dict[str, Any]]) -> Table:
    table = output.table(*EVENT_HEADINGS, whole=EVENT)
    for event in found:
        name = event["type"].removeprefix("care.").removesuffix(".v1")
        times = f"{_minute(event['occurred_at'])}\n{_minute(event['recorded_at'])}"
        table.add_row(*map(escape, (times, f"{name}\n{event['actor']}", _data(event["data"]))))
    return table


def _data(data: dict[str, Any]) -> str:
    """Return the summary of an alert, or the single values of another event; --json has everything."""
    summary = data.get("summary_zh" if output.language() == Language.ZH else "summary")
    values = (f"{name}={value}" for name, value in data.items() if value not in (None, "") and _is_single(value))
    return summary or ", ".join(values)


def _is_single(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")
