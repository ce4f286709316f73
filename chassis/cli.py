"""The command line of a service: run it or one of its roles, migrate it, look after its parked events."""

import asyncio
import os
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from chassis.consume.rebuild import SESSION, ReadModel, Rebuild, RebuildFailedError
from chassis.migrate import Schema, migrate
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.service import ALL, Build, ParkingConsumer, ServiceContext, open_context, read_settings, run

REBUILD_CONNECTIONS = 4
UUID_WIDTH = 36


def command_line(name: str, schema: Schema, build: Build) -> typer.Typer:
    """Return the command line of the service called `name`."""
    # A traceback with its locals would show the passwords that stand in them.
    cli = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False, help=f"The {name} service.")
    parked = typer.Typer(help="Events set aside because their customer could not be applied.")
    cli.add_typer(parked, name="parked")

    @cli.command("run")
    def run_role(role: Annotated[str, typer.Argument(help="all, api, relay, consumer, timers, …")] = ALL) -> None:
        """Run the service, or one role of it alone."""
        run(name, build, role)

    @cli.command("migrate")
    def bring_up_to_date() -> None:
        """Bring the database at CARE_MIGRATOR_URL up to the schema."""
        migrate(schema, os.environ["CARE_MIGRATOR_URL"])

    @cli.command("rebuild")
    def rebuild(
        models: Annotated[list[str] | None, typer.Argument(help="Which read models; all, if none is named.")] = None,
    ) -> None:
        """Make read models again from their events, beside the live ones, as the owner at CARE_MIGRATOR_URL."""
        asyncio.run(rebuild_models(name, build, models, os.environ["CARE_MIGRATOR_URL"]))

    @parked.command("list")
    def show() -> None:
        """Show whose events are parked, since when, and why."""
        asyncio.run(list_parked(name, build))

    @parked.command("replay")
    def replay(customer: UUID) -> None:
        """Apply a customer's parked events again, in their order."""
        for consumer, count in asyncio.run(replay_parked(name, build, customer)).items():
            typer.echo(f"{consumer}: {count} events applied")

    @parked.command("discard")
    def discard(
        customer: UUID,
        position: Annotated[int | None, typer.Option(help="Only the event at this position; replay the rest.")] = None,
    ) -> None:
        """Throw parked events away: one that cannot be read, or all of a customer's, whose effect is then lost here."""
        for consumer, count in asyncio.run(discard_parked(name, build, customer, position)).items():
            typer.echo(f"{consumer}: {count} events discarded")

    return cli


async def open_service(name: str, build: Build) -> tuple[ServiceContext, list[ParkingConsumer]]:
    context = await open_context(f"care-{name}-cli", read_settings())
    return context, list(build(context).appliers)


async def rebuild_models(name: str, build: Build, wanted: list[str] | None, owner_url: str) -> None:
    context = await open_context(f"care-{name}-rebuild", read_settings())
    models = {model.applier.name: model for model in build(context).models}
    if unknown := set(wanted or ()) - set(models):
        raise typer.BadParameter(f"no read model {', '.join(sorted(unknown))}; there are {', '.join(models)}")
    owner = await open_pool(owner_url, size=REBUILD_CONNECTIONS, application_name="care-rebuild", session=SESSION)
    try:
        for each in wanted or models:
            await rebuild_one(models[each], owner)
    except RebuildFailedError as error:
        raise SystemExit(f"{error}") from error
    finally:
        await owner.close()
        await context.pool.close()


async def rebuild_one(model: ReadModel, owner: Pool) -> None:
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(model.applier.name, total=1.0)
        await Rebuild(model, owner).run(lambda share: progress.update(task, completed=share))
        progress.update(task, completed=1.0)
    typer.echo(f"{model.applier.name}: rebuilt from its events and switched over")


async def list_parked(name: str, build: Build) -> None:
    context, appliers = await open_service(name, build)
    # An id that is cut off cannot be given to `replay`.
    whole_id = Column("customer", min_width=UUID_WIDTH, no_wrap=True)
    others = [Column(name, overflow="fold") for name in ("consumer", "events", "since", "first position", "reason")]
    table = Table(others[0], whole_id, *others[1:])
    for applier in appliers:
        for row in await applier.parking.summary(context.pool):
            table.add_row(
                applier.name,
                str(row["subject"]),
                str(row["events"]),
                f"{row['since']:%F %T}",
                str(row["first_position"]),
                row["reason"],
            )
    await context.pool.close()
    Console().print(table)


async def replay_parked(name: str, build: Build, customer: UUID) -> dict[str, int]:
    context, appliers = await open_service(name, build)
    counts = {applier.name: await applier.replay(customer) for applier in appliers}
    await context.pool.close()
    return counts


async def discard_parked(name: str, build: Build, customer: UUID, position: int | None) -> dict[str, int]:
    context, appliers = await open_service(name, build)
    counts = {}
    for applier in appliers:
        async with transaction(context.pool) as held:
            counts[applier.name] = await applier.parking.discard(held, customer, position)
    await context.pool.close()
    return counts


def main(name: str, schema: Schema, build: Build, arguments: list[str]) -> None:
    """Start the command line; a bare role name is short for `run ROLE`."""
    known = {"run", "migrate", "rebuild", "parked", "--help"}
    words = arguments if arguments and arguments[0] in known else ["run", *arguments]
    command_line(name, schema, build)(words)
