"""The command line of a service: run it or one role, migrate, rebuild read models, handle parked events."""

import asyncio
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from chassis.consume.rebuild import ReadModel, Rebuild, RebuildFailedError, open_owner_pool
from chassis.migrate import Schema, migrate
from chassis.postgres.database import Pool, transaction
from chassis.service import ALL, Build, ParkingConsumer, ServiceContext, open_context, read_settings, run

UUID_WIDTH = 36
# The commands that only one service has, by name.
Commands = Mapping[str, Callable[..., None]]
NO_COMMANDS: Commands = MappingProxyType({})


def command_line(name: str, schema: Schema, build: Build, commands: Commands = NO_COMMANDS) -> typer.Typer:
    """Return the command line of the service called `name`."""
    # Local variables in a traceback could contain passwords.
    cli = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False, help=f"The {name} service.")
    parked = typer.Typer(help="Parked events: events that could not be applied, and later events of the same customer.")
    cli.add_typer(parked, name="parked")

    @cli.command("run")
    def run_role(role: Annotated[str, typer.Argument(help="all, api, relay, consumer, timers, …")] = ALL) -> None:
        """Run the service, or one of its roles."""
        run(name, build, role)

    @cli.command("migrate")
    def migrate_database() -> None:
        """Migrate the database at CARE_MIGRATOR_URL to the current schema."""
        migrate(schema, os.environ["CARE_MIGRATOR_URL"])

    @cli.command("rebuild")
    def rebuild(
        models: Annotated[list[str] | None, typer.Argument(help="The read models to rebuild; all by default.")] = None,
    ) -> None:
        """Rebuild read models from their events beside the live tables, as the owner at CARE_MIGRATOR_URL."""
        asyncio.run(rebuild_models(name, build, models, os.environ["CARE_MIGRATOR_URL"]))

    @parked.command("list")
    def show() -> None:
        """List customers with parked events, since when, and the reason."""
        asyncio.run(list_parked(name, build))

    @parked.command("replay")
    def replay(customer: UUID) -> None:
        """Apply the parked events of a customer again, in order."""
        for consumer, count in asyncio.run(replay_parked(name, build, customer)).items():
            typer.echo(f"{consumer}: {count} events applied")

    @parked.command("discard")
    def discard(
        customer: UUID,
        position: Annotated[
            int | None, typer.Option(help="Only the event at this position; then replay the others.")
        ] = None,
    ) -> None:
        """Delete parked events of a customer without applying them: all, or the one at a position."""
        for consumer, count in asyncio.run(discard_parked(name, build, customer, position)).items():
            typer.echo(f"{consumer}: {count} events discarded")

    for own, function in commands.items():
        cli.command(own)(function)
    return cli


async def open_service(name: str, build: Build) -> tuple[ServiceContext, list[ParkingConsumer]]:
    """Build the service for a command. Raises one of DISAGREEMENTS if its store may be an older copy."""
    service_context = await open_context(f"care-{name}-cli", read_settings())
    service = build(service_context)
    if service.verification:
        await service.verification.verify()
    return service_context, list(service.appliers)


async def rebuild_models(name: str, build: Build, names: list[str] | None, owner_url: str) -> None:
    service_context = await open_context(f"care-{name}-rebuild", read_settings())
    models = {model.applier.name: model for model in build(service_context).models}
    if unknown := set(names or ()) - set(models):
        raise typer.BadParameter(f"unknown read model {', '.join(sorted(unknown))}; known are {', '.join(models)}")
    owner = await open_owner_pool(owner_url)
    try:
        for each in names or models:
            await rebuild_one(models[each], owner)
    except RebuildFailedError as error:
        raise SystemExit(f"{error}") from error
    finally:
        await owner.close()
        await service_context.pool.close()


async def rebuild_one(model: ReadModel, owner: Pool) -> None:
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(model.applier.name, total=1.0)
        await Rebuild(model, owner).run(lambda share: progress.update(task, completed=share))
        progress.update(task, completed=1.0)
    typer.echo(f"{model.applier.name}: rebuilt from its events, and switched")


async def list_parked(name: str, build: Build) -> None:
    service_context, appliers = await open_service(name, build)
    # A truncated id cannot be passed to `replay`.
    customer_column = Column("customer", min_width=UUID_WIDTH, no_wrap=True)
    columns = [Column(name, overflow="fold") for name in ("consumer", "events", "since", "first position", "reason")]
    table = Table(columns[0], customer_column, *columns[1:])
    for applier in appliers:
        for row in await applier.parked_events.summary(service_context.pool):
            table.add_row(
                applier.name,
                str(row["subject"]),
                str(row["events"]),
                f"{row['since']:%F %T}",
                str(row["first_position"]),
                row["reason"],
            )
    await service_context.pool.close()
    Console().print(table)


async def replay_parked(name: str, build: Build, customer: UUID) -> dict[str, int]:
    service_context, appliers = await open_service(name, build)
    counts = {applier.name: await applier.replay(customer) for applier in appliers}
    await service_context.pool.close()
    return counts


async def discard_parked(name: str, build: Build, customer: UUID, position: int | None) -> dict[str, int]:
    service_context, appliers = await open_service(name, build)
    counts = {}
    for applier in appliers:
        async with transaction(service_context.pool) as held:
            counts[applier.name] = await applier.parked_events.discard(held, customer, position)
    await service_context.pool.close()
    return counts


def main(name: str, schema: Schema, build: Build, arguments: list[str], commands: Commands = NO_COMMANDS) -> None:
    """Run the command line. `ROLE` alone is short for `run ROLE`."""
    known = {"run", "migrate", "rebuild", "parked", "--help", *commands}
    full = arguments if arguments and arguments[0] in known else ["run", *arguments]
    command_line(name, schema, build, commands)(full)
