"""Runs the benchmarks: `python -m tests.bench [--only NAME] [--seconds S] [--rounds N] [--quick]`."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Annotated

import typer
import uvloop

from deploy.stack.infrastructure import Infrastructure, temporary_data_dir
from tests.bench.harness import report
from tests.bench.harness.console import console, say, say_versions
from tests.bench.harness.measuring import Bed, Effort, Figure
from tests.bench.harness.server_thread import aside
from tests.bench.pieces import append, apply, cold, command, engine, facts, fold, rebuild, relay, snapshot, streams
from tests.bench.stack import importing, latency, memory
from tests.bench.stack.whole import Whole, client_beside, stack_in
from tests.support.servers import servers

SECONDS, ROUNDS, LOAD_SECONDS = 3.0, 5, 10.0
QUICK = Effort(seconds=1.0, rounds=2, load_seconds=3.0)

ON_SERVERS: dict[str, Callable[[Bed], Awaitable[list[Figure]]]] = {
    "append": append.measure,
    "snapshot": snapshot.measure,
    "fold": fold.measure,
    "cold": cold.measure,
    "streams": streams.measure,
    "http": command.measure,
    "import": importing.measure,
    "relay": relay.measure,
    "apply": apply.measure,
    "rebuild": rebuild.measure,
    "engine": engine.measure,
    "facts": facts.measure,
}
# Memory comes first: what the services need at rest is seen before anything has been asked of them.
ON_STACK: dict[str, Callable[[Whole], Awaitable[list[Figure]]]] = {
    "memory": memory.measure,
    "latency": latency.measure,
}


def main(
    only: Annotated[list[str] | None, typer.Option(help="Run this one; give it again for several.")] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="How long each measurement takes.")] = SECONDS,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often ours and the floor are measured.")] = ROUNDS,
    quick: Annotated[bool, typer.Option(help="Two short rounds: to see that it runs, not how fast.")] = False,
) -> None:
    """Measure, print the figures beside their floors, and write them to build/bench.json."""
    chosen = set(only or [*ON_SERVERS, *ON_STACK])
    if unknown := chosen - ON_SERVERS.keys() - ON_STACK.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: known are {', '.join([*ON_SERVERS, *ON_STACK])}")
    effort = QUICK if quick else Effort(seconds, rounds, LOAD_SECONDS)
    figures: list[Figure] = []
    try:
        on_servers(chosen, effort, figures)
        on_stack(chosen, effort, figures)
    finally:
        # What was measured before a piece fails is not lost with it.
        console.print(report.table(figures))
        report.write(figures)
        say(f"written to {report.RESULTS}")


def on_servers(chosen: set[str], effort: Effort, figures: list[Figure]) -> None:
    if not chosen & ON_SERVERS.keys():
        return

    async def measure(bed: Bed) -> None:
        await say_versions(bed.servers.infrastructure)
        for name in begun(ON_SERVERS, chosen):
            figures.extend(await ON_SERVERS[name](bed))

    with temporary_data_dir() as data_dir, aside(servers(data_dir)) as made:
        uvloop.run(measure(Bed(made, data_dir, effort, say)))


def on_stack(chosen: set[str], effort: Effort, figures: list[Figure]) -> None:
    if not chosen & ON_STACK.keys():
        return

    async def measure(infrastructure: Infrastructure) -> None:
        await say_versions(infrastructure)
        async with client_beside(data_dir, effort, say) as whole:
            for name in begun(ON_STACK, chosen):
                figures.extend(await ON_STACK[name](whole))

    with temporary_data_dir() as data_dir, aside(stack_in(data_dir)) as (infrastructure, _):
        uvloop.run(measure(infrastructure))


def begun(names: Iterable[str], chosen: set[str]) -> Iterator[str]:
    """Yield each of `names` that is chosen, and say so."""
    for name in names:
        if name in chosen:
            say(f"measuring {name}")
            yield name


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
