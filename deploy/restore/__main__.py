"""Declares a restore: `python -m deploy.restore status`, then `python -m deploy.restore declare`.

Needs CARE_CUSTOMER_MIGRATOR_URL, CARE_FOLLOWUP_MIGRATOR_URL, CARE_ALERTS_MIGRATOR_URL and CARE_REPORTING_MIGRATOR_URL
(the owners of the tables), and CARE_KAFKA_BOOTSTRAP.
"""

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from deploy import erasures, refill
from deploy.restore.declaration import RestoreRefusedError, declare, ensure_possible
from deploy.restore.observation import DATABASES, Applied, Store, applied, connected, connected_services, stores

ERASURES = Path("erasures.jsonl")
cli = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False, help="Declare a restore.")
SetBack = Annotated[list[str] | None, typer.Option(help="A database whose consumers are ahead; repeatable.")]
ErasuresFile = Annotated[Path, typer.Option(help="Where to write the erasures found on the topics.")]


@cli.command()
def status() -> None:
    """Show the stores, and the consumers that contradict them. Changes nothing."""
    asyncio.run(show_status())


@cli.command("declare")
def declare_command(set_back: SetBack = None, erasures_file: ErasuresFile = ERASURES) -> None:
    """Begin a new epoch of every store, and delete the topics that the product writes. All services must be stopped."""
    console = Console()
    try:
        found = asyncio.run(published_erasures(console))
        erasures_file.write_text("".join(json.dumps(asdict(each)) + "\n" for each in found), encoding="utf-8")
        console.print(f"{len(found)} erasures written to {erasures_file}")
        behind = asyncio.run(declare_restore(console, set_back or []))
    except RestoreRefusedError as error:
        raise SystemExit(str(error)) from error
    for number, step in enumerate(next_steps(behind, erasures_file), 1):
        console.print(f"{number}. {step}", highlight=False)


async def show_status() -> None:
    async with connected(owner_urls()) as databases:
        found = {store.name: store for store in await stores(databases)}
        positions = await applied(databases, found)
    console = Console()
    console.print(store_table(found))
    console.print(consumer_table(positions))


async def declare_restore(console: Console, set_back: list[str]) -> list[str]:
    """Declare the restore, and delete the topics. Return the databases whose consumers were set back."""
    async with connected(owner_urls()) as databases:
        found = {store.name: store for store in await stores(databases)}
        positions = await applied(databases, found)
        ensure_possible(await connected_services(databases), found, positions, set_back)
        epochs = await declare(databases, found, positions)
    deleted = await refill.delete_topics(variable("CARE_KAFKA_BOOTSTRAP"))
    for name, epoch in epochs.items():
        console.print(f"{name}: new epoch {epoch}")
    console.print(f"{len(deleted)} topics deleted. Now: 接下来：")
    return sorted({each.database for each in positions if each.fault})


async def published_erasures(console: Console) -> list[erasures.Erasure]:
    """Return the erasures on the customer topic: the restored databases may contain that data again."""
    try:
        return await erasures.published(variable("CARE_KAFKA_BOOTSTRAP"))
    except KafkaError as error:
        console.print(f"The customer topic cannot be read ({type(error).__name__}): take erasures from the logs.")
        return []


def next_steps(set_back: list[str], erasures_file: Path) -> list[str]:
    rebuilds = [f"When the topics are filled: python -m services.{name} rebuild" for name in set_back]
    return [
        "Start the services; they fill the topics.",
        *rebuilds,
        f"python -m deploy.erasures repeat {erasures_file}",
        "Ask the senders to send the commands again that were acknowledged after the copy.",
    ]


def store_table(found: dict[str, Store]) -> Table:
    table = Table("store", "last position", "epoch")
    for store in found.values():
        table.add_row(store.name, str(store.head), str(store.epoch))
    return table


def consumer_table(positions: list[Applied]) -> Table:
    table = Table("database", "consumer", "topic/partition", "applied", "contradiction")
    for each in positions:
        table.add_row(
            each.database, each.consumer, f"{each.topic}/{each.partition}", str(each.position), each.fault or "none"
        )
    return table


def owner_urls() -> dict[str, str]:
    return {name: variable(f"CARE_{name.upper()}_MIGRATOR_URL") for name in DATABASES}


def variable(name: str) -> str:
    """Return an environment variable. Exit with a message if it is not set."""
    if name not in os.environ:
        raise SystemExit(f"{name} is not set. See `python -m deploy.restore --help` and docs/operations.md.")
    return os.environ[name]


if __name__ == "__main__":
    cli()
