"""Runs the commands of a service with the environment of the running stack: rebuild, and parked events."""

import asyncio
import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from chassis import cli
from chassis.consume.verification import DISAGREEMENTS
from deploy.care import access, output
from deploy.care.options import DataDir, Json, Service, Spoken
from deploy.stack import credentials
from deploy.stack.errors import StackError
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.text import Language, Text

if TYPE_CHECKING:
    from chassis.service import Build

parked = typer.Typer(no_args_is_help=True)
HEADINGS = (
    Text("Consumer", "消费者"),
    Text("Customer", "客户"),
    Text("Events", "事件数"),
    Text("Since", "起始时间"),
    Text("First position", "首个位置"),
    Text("Reason", "原因"),
)
CUSTOMER = 1
CustomerId = Annotated[UUID, typer.Argument(help="The id in the column Customer of the list.")]


def rebuild(
    service: Service,
    models: Annotated[list[str] | None, typer.Argument(help="The read models; all by default.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Rebuild read models of a service from their events. The service may run meanwhile."""
    build = _service(service, data_dir)
    with redirect_stdout(sys.stderr):
        asyncio.run(cli.rebuild_models(service, build, models, os.environ["CARE_MIGRATOR_URL"]))
    if as_json:
        output.show({"service": service, "rebuilt": models or "all"}, "", as_json=True)


@parked.callback()
def choose_service(context: typer.Context, service: Service) -> None:
    """Parked events: events that could not be applied, and later events of the same customer."""
    context.obj = service


@parked.command("list")
def list_parked(
    context: typer.Context,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """List the customers with parked events, since when, and the reason."""
    found = _run(_parked(context.obj, _service(context.obj, data_dir)))
    output.show(found, _parked_table(found), as_json=as_json)


@parked.command()
def replay(
    context: typer.Context,
    customer: CustomerId,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Apply the parked events of a customer again, in order."""
    counts = _run(cli.replay_parked(context.obj, _service(context.obj, data_dir), customer))
    _show_counts(counts, Text("events applied", "个事件已应用"), as_json=as_json)


@parked.command()
def discard(
    context: typer.Context,
    customer: CustomerId,
    position: Annotated[int | None, typer.Option(help="Only the event at this position; then replay the rest.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Delete parked events of a customer without applying them: all, or the one at a position."""
    counts = _run(cli.discard_parked(context.obj, _service(context.obj, data_dir), customer, position))
    _show_counts(counts, Text("events discarded", "个事件已丢弃"), as_json=as_json)


def _service(name: str, data_dir: Path) -> "Build":
    """Set the environment of a service of the running stack, and return what builds the service."""
    given = access.running(data_dir).environment
    os.environ.update(given)
    os.environ["CARE_DATABASE_URL"] = given[f"CARE_{name.upper()}_DATABASE_URL"]
    os.environ["CARE_MIGRATOR_URL"] = access.owner_urls(data_dir, given)[name]
    os.environ["CARE_PUBLIC_URL"] = given[f"CARE_{name.upper()}_URL"]
    os.environ["CARE_PSEUDONYM_KEY"] = credentials.load(data_dir).pseudonym_key
    build: Build = importlib.import_module(f"services.{name}.__main__").build
    return build


def _run(command: Any) -> Any:
    """Run a command of a service. Its log goes to standard error."""
    try:
        with redirect_stdout(sys.stderr):
            return asyncio.run(command)
    except DISAGREEMENTS as error:
        raise StackError(f"The database and Kafka disagree: {error}. See docs/operations.md.") from error


async def _parked(name: str, build: "Build") -> list[dict[str, Any]]:
    service_context, appliers = await cli.open_service(name, build)
    found = [
        {"consumer": applier.name, **row}
        for applier in appliers
        for row in await applier.parked_events.summary(service_context.pool)
    ]
    await service_context.pool.close()
    return found


def _parked_table(found: list[dict[str, Any]]) -> Table:
    table = output.table(*HEADINGS, whole=CUSTOMER)
    for row in found:
        cells = (str(row["events"]), f"{row['since']:%F %T}", str(row["first_position"]), escape(row["reason"]))
        table.add_row(row["consumer"], str(row["subject"]), *cells)
    return table


def _show_counts(counts: Mapping[str, int], what: Text, *, as_json: bool) -> None:
    lines = [f"{consumer}: {count} {output.spoken(what)}" for consumer, count in counts.items()]
    output.show(dict(counts), "\n".join(lines), as_json=as_json)
