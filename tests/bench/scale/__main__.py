"""Runs the scale benchmarks: `python -m tests.bench.scale [--only NAME] [--events N] [--customers N] [--minutes M]`."""

from typing import Annotated

import typer
import uvloop

from chassis.files.table import MAX_ROWS
from deploy.stack.infrastructure import Infrastructure, temporary_data_dir
from tests.bench.harness import report
from tests.bench.harness.console import console, say, say_versions
from tests.bench.harness.measuring import Bed, Effort, Figure
from tests.bench.harness.server_thread import aside
from tests.bench.scale import (
    big_customer,
    large_import,
    million,
    month,
    my_day,
    plan_start,
    rearm,
    results,
    search,
    soak,
    timers,
)
from tests.bench.stack.whole import client_beside, stack_in
from tests.support.servers import servers

EVENTS, CUSTOMERS, TASKS, PLANS, SEARCHED, ORDERS = 1_000_000, 100_000, 100_000, 10_000, 1_000_000, 100_000
MINUTES = 20.0
ARMED, IDLE_MINUTES = 1_000_000, 10.0
MONTH, ITEMS = 20_000, 5_000
# The access token that the load is sent with lasts an hour.
MOST_MINUTES = 50.0
EFFORT = Effort(seconds=3.0, rounds=5, load_seconds=20.0)
ON_SERVERS = ("million", "timers", "myday", "planstart", "search", "import", "rearm", "month", "big")
NAMES = (*ON_SERVERS, "soak")


def main(
    only: Annotated[list[str] | None, typer.Option(help="Run this one; give it again for several.")] = None,
    events: Annotated[int, typer.Option(min=1_200, help="How many events go through the line.")] = EVENTS,
    customers: Annotated[int, typer.Option(min=100, help="How many customers have a timer.")] = CUSTOMERS,
    searched: Annotated[int, typer.Option(min=10_000, help="How many customers are searched.")] = SEARCHED,
    orders: Annotated[int, typer.Option(min=1_000, max=MAX_ROWS, help="How many orders one file has.")] = ORDERS,
    armed: Annotated[int, typer.Option(min=20_000, help="How many customers are armed under all rules.")] = ARMED,
    idle: Annotated[float, typer.Option(min=0.1, help="How many minutes nothing is due.")] = IDLE_MINUTES,
    month_of: Annotated[int, typer.Option("--month", min=600, help="How many customers live a month.")] = MONTH,
    items: Annotated[int, typer.Option(min=10, help="How many open items one customer has.")] = ITEMS,
    minutes: Annotated[float, typer.Option(min=0.5, max=MOST_MINUTES, help="How long the soak takes.")] = MINUTES,
    rate: Annotated[float | None, typer.Option(help="The soak's commands/s; else half of what is reached.")] = None,
) -> None:
    """Measure, print what was found, and write it to build/scale.json."""
    chosen = set(only or NAMES)
    if unknown := chosen - set(NAMES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: known are {', '.join(NAMES)}")
    results.begin()
    if chosen & set(ON_SERVERS):
        on_servers(chosen, events, customers, searched, orders, armed, idle, month_of, items)
    if "soak" in chosen:
        on_stack(minutes, rate)
    say(f"written to {results.RESULTS}")


def on_servers(
    chosen: set[str],
    events: int,
    customers: int,
    searched: int,
    orders: int,
    armed: int,
    idle: float,
    month_of: int,
    items: int,
) -> None:
    async def measured(bed: Bed) -> None:
        await say_versions(bed.servers.infrastructure)
        if "million" in chosen:
            show("million", await million.measure(bed, events))
        if "timers" in chosen:
            show("timers", await timers.measure(bed, customers))
        if "myday" in chosen:
            show("myday", await my_day.measure(bed, TASKS))
        if "planstart" in chosen:
            show("planstart", await plan_start.measure(bed, PLANS))
        if "search" in chosen:
            show("search", await search.measure(bed, searched))
        if "import" in chosen:
            show("import", await large_import.measure(bed, orders))
        if "rearm" in chosen:
            show("rearm", await rearm.measure(bed, armed, idle))
        if "month" in chosen:
            show("month", await month.measure(bed, month_of))
        if "big" in chosen:
            show("big", await big_customer.measure(bed, items))

    with temporary_data_dir() as data_dir, aside(servers(data_dir)) as made:
        uvloop.run(measured(Bed(made, data_dir, EFFORT, say)))


def show(name: str, figures: list[Figure]) -> None:
    console.print(report.table(figures))
    results.note_figures(name, figures)


def on_stack(minutes: float, rate: float | None) -> None:
    async def measured(infrastructure: Infrastructure) -> None:
        await say_versions(infrastructure)
        async with client_beside(data_dir, EFFORT, say) as whole:
            console.print(soak.table(await soak.measure(whole, minutes, rate)))

    with temporary_data_dir() as data_dir, aside(stack_in(data_dir)) as (infrastructure, _):
        uvloop.run(measured(infrastructure))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
