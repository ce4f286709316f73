"""Starts, stops, shows and deletes the stack."""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from deploy.care import output
from deploy.care.exits import Exit
from deploy.care.options import (
    DEFAULT_COMPOSE,
    Compose,
    DataDir,
    Json,
    OnlyServers,
    PortBase,
    Spoken,
)
from deploy.stack import background, compose, foreground, layout, removal, state, status
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.state import Phase, State
from deploy.stack.status import PartStatus
from deploy.stack.text import Language, Text

YES, NO = Text("yes", "是"), Text("no", "否")
HEADINGS = (
    Text("Part", "组件"),
    Text("Running", "运行中"),
    Text("Ready", "就绪"),
    Text("Address", "地址"),
    Text("Since", "启动时间"),
    Text("Detail", "说明"),
)
ADDRESS = 3
PHASES = {
    Phase.STARTING: Text("The stack of {0} is starting.", "{0} 的系统正在启动。"),
    Phase.READY: Text("The stack of {0} is running.", "{0} 的系统正在运行。"),
    Phase.ONLY_SERVERS: Text(
        "PostgreSQL and Kafka of {0} are running; the services are stopped. Start them: ./care start",
        "{0} 的 PostgreSQL 和 Kafka 正在运行，各服务已停止。启动服务：./care start",
    ),
    Phase.STOPPING: Text("The stack of {0} is stopping.", "{0} 的系统正在停止。"),
}


def run(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port_base: PortBase = None,
    only_servers: OnlyServers = False,
    _language: Spoken = Language.EN,
) -> None:
    """Run the stack in this terminal until Ctrl-C."""
    foreground.run(data_dir, layout.chosen(data_dir, port_base), only_servers=only_servers, progress=output.stderr)


def start(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port_base: PortBase = None,
    only_servers: OnlyServers = False,
    command: Compose = DEFAULT_COMPOSE,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Start the stack in the background, and return when it is ready. Repeating it changes nothing."""
    if state.in_containers(data_dir):
        _start_containers(data_dir, port_base, shlex.split(command), only_servers=only_servers)
        found = state.running(data_dir)
    else:
        found = background.start(data_dir, port_base, output.say, only_servers=only_servers)
    _show_status(data_dir, found, as_json=as_json)


def stop(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    command: Compose = DEFAULT_COMPOSE,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Stop the stack, in the background, in another terminal or in containers. Its data stays."""
    if state.in_containers(data_dir):
        compose.down(data_dir, shlex.split(command))
    else:
        background.stop(data_dir)
    _stopped(data_dir, as_json=as_json)


def show_status(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False, _language: Spoken = Language.EN) -> None:
    """Show each part. The exit code is 0 if all are ready, 1 if one is not, 3 if the stack does not run."""
    found = state.current(data_dir)
    if found is None or found.phase not in state.RUNNING:
        if found is None:
            output.complain(state.not_running(data_dir).text)
        else:
            output.complain(_headline(data_dir, found))
        if as_json:
            output.show({"phase": found.phase if found else "stopped", "parts": []}, "", as_json=True)
        raise typer.Exit(Exit.NOT_RUNNING)
    parts = _show_status(data_dir, found, as_json=as_json)
    raise typer.Exit(Exit.OK if all(part.ready for part in parts) else Exit.PROBLEM)


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port_base: PortBase = None,
    command: Compose = DEFAULT_COMPOSE,
    _language: Spoken = Language.EN,
) -> None:
    """Run the same parts in containers, until `down`."""
    compose.up(data_dir, layout.chosen(data_dir, port_base), shlex.split(command))


def down(
    data_dir: DataDir = DEFAULT_DATA_DIR, command: Compose = DEFAULT_COMPOSE, _language: Spoken = Language.EN
) -> None:
    """Stop the containers. Their data stays."""
    compose.down(data_dir, shlex.split(command))


def reset(
    data_dir: DataDir = DEFAULT_DATA_DIR, command: Compose = DEFAULT_COMPOSE, _language: Spoken = Language.EN
) -> None:
    """Delete all data of the stack, and its containers. The stack must be stopped."""
    removal.delete(data_dir, shlex.split(command))
    output.say(Text(f"All data of {data_dir} was deleted.", f"已删除 {data_dir} 的全部数据。"))


def _start_containers(data_dir: Path, port_base: int | None, command: Sequence[str], *, only_servers: bool) -> None:
    if only_servers:
        compose.stop_services(data_dir, command)
    else:
        compose.up(data_dir, layout.chosen(data_dir, port_base), command)


def _stopped(data_dir: Path, *, as_json: bool) -> None:
    text = Text(f"The stack of {data_dir} is stopped. Its data is kept.", f"{data_dir} 的系统已停止，数据保留。")
    output.show({"phase": "stopped", "data_dir": data_dir}, output.spoken(text), as_json=as_json)


def _show_status(data_dir: Path, found: State, *, as_json: bool) -> list[PartStatus]:
    parts = asyncio.run(status.observe(found))
    document = {
        "phase": found.phase,
        "data_dir": data_dir.absolute(),
        "containers": found.in_containers,
        "pid": found.pid,
        "parts": parts,
    }
    output.show(document, _part_table(data_dir, found, parts), as_json=as_json)
    return parts


def _part_table(data_dir: Path, found: State, parts: Sequence[PartStatus]) -> Table:
    table = output.table(*HEADINGS, whole=ADDRESS)
    table.title, table.title_justify = escape(output.spoken(_headline(data_dir, found))), "left"
    for part in parts:
        since = f"{part.since.astimezone():%m-%d %H:%M}" if part.since else ""
        cells = (_word(part.running), _word(part.ready), part.address, since, escape(part.detail))
        table.add_row(part.name, *cells, style="" if part.ready else "red")
    return table


def _headline(data_dir: Path, found: State) -> Text:
    text = PHASES[found.phase]
    return Text(text.en.format(data_dir), text.zh.format(data_dir))


def _word(answer: bool) -> str:
    return output.spoken(YES if answer else NO)
