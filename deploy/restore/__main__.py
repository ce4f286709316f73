"""Declares a restore: `python -m deploy.restore status`, then `python -m deploy.restore declare`.

Needs CARE_CUSTOMER_MIGRATOR_URL, CARE_FOLLOWUP_MIGRATOR_URL, CARE_ALERTS_MIGRATOR_URL and CARE_REPORTING_MIGRATOR_URL
(the owners of the tables), and CARE_KAFKA_BOOTSTRAP. On the local stack, `./care restore` fills them in.
"""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.restore.declaration import RestoreRefusedError
from deploy.restore.observation import DATABASES
from deploy.restore.procedure import ERASURES, Declared, declare_restore, keep_erasures, read_status
from deploy.restore.tables import consumer_table, store_table

cli = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False, help="Declare a restore.")
SetBack = Annotated[list[str] | None, typer.Option(help="A database whose consumers are ahead; repeatable.")]
ErasuresFile = Annotated[Path, typer.Option(help="Where to write the erasures found on the topics.")]


@cli.command()
def status() -> None:
    """Show the stores, and the consumers that contradict them. Changes nothing."""
    found, positions = asyncio.run(read_status(owner_urls()))
    console = Console()
    console.print(store_table(found))
    console.print(consumer_table(positions))


@cli.command("declare")
def declare_command(set_back: SetBack = None, erasures_file: ErasuresFile = ERASURES) -> None:
    """Begin a new epoch of every store, and delete the topics that the product writes. All services must be stopped."""
    console, bootstrap = Console(), variable("CARE_KAFKA_BOOTSTRAP")
    kept = keep_erasures(bootstrap, erasures_file)
    if kept is None:
        console.print("The customer topic cannot be read: take erasures from the logs.")
    else:
        console.print(f"{kept} erasures written to {erasures_file}")
    try:
        declared = asyncio.run(declare_restore(owner_urls(), bootstrap, set_back or []))
    except RestoreRefusedError as error:
        raise SystemExit(str(error)) from error
    for name, epoch in declared.epochs.items():
        console.print(f"{name}: new epoch {epoch}")
    console.print(f"{len(declared.topics_deleted)} topics deleted. Now: 接下来：")
    for number, step in enumerate(next_steps(declared, erasures_file), 1):
        console.print(f"{number}. {step}", highlight=False)


def next_steps(declared: Declared, erasures_file: Path) -> list[str]:
    rebuilds = [f"When the topics are filled: python -m services.{name} rebuild" for name in declared.to_rebuild]
    return [
        "Start the services; they fill the topics.",
        *rebuilds,
        f"python -m deploy.erasures repeat {erasures_file}",
        "Ask the senders to send the commands again that were acknowledged after the copy.",
    ]


def owner_urls() -> dict[str, str]:
    return {name: variable(f"CARE_{name.upper()}_MIGRATOR_URL") for name in DATABASES}


def variable(name: str) -> str:
    """Return an environment variable. Exit with a message if it is not set."""
    if name not in os.environ:
        raise SystemExit(f"{name} is not set. See `python -m deploy.restore --help` and docs/operations.md.")
    return os.environ[name]


if __name__ == "__main__":
    cli()
