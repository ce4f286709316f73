"""Checks the running stack, and shows it at work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from demo import program
from deploy.care import access, output
from deploy.care.exits import Exit
from deploy.care.options import DataDir, Json, Spoken
from deploy.doctor.examination import examine, summary, table
from deploy.stack import layout, report, state
from deploy.stack.background import settled
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.supervisor import stack
from deploy.stack.text import Language, Text


def doctor(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False, _language: Spoken = Language.EN) -> None:
    """Check the running stack, and print each problem with advice. The exit code is 1 if a check fails."""
    results = asyncio.run(examine(access.running(data_dir).environment, data_dir))
    shown = Group(table(results, output.language()), output.spoken(summary(results)))
    output.show(results, shown, as_json=as_json)
    raise typer.Exit(Exit.OK if all(finding.ok for finding in results) else Exit.PROBLEM)


def demo(
    customers: Annotated[
        int, typer.Option(help="How many customers the generated company has.")
    ] = program.DEFAULT_CUSTOMERS,
    seed: Annotated[int, typer.Option(help="The same seed generates the same company.")] = 7,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    _language: Spoken = Language.EN,
) -> None:
    """Import an invented company, run a story, and print its reports. Without a stack, one runs for the demo."""
    asyncio.run(_demo(customers, seed, data_dir))


async def _demo(customers: int, seed: int, data_dir: Path) -> None:
    async with _environment(data_dir) as environment:
        await program.run(output.stdout, customers, seed, output.language(), environment)


@asynccontextmanager
async def _environment(data_dir: Path) -> AsyncIterator[dict[str, str]]:
    """Return the environment of the running stack, or of one that runs for the duration of the block.

    Raise `NotRunningError` if the user runs a stack on another data folder.
    """
    async with AsyncExitStack() as ours:
        if await asyncio.to_thread(settled, data_dir, output.say) is None:
            if state.others(data_dir):
                raise state.not_running(data_dir)
            output.say(Text("No stack is running; starting one for the demo.", "没有正在运行的系统，为演示启动一套。"))
            chosen = layout.chosen(data_dir, None)
            await ours.enter_async_context(stack(data_dir, chosen, report.progress(output.stderr)))
        yield access.services(data_dir)
