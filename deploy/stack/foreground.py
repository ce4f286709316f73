"""Runs the stack in this process until it is told to stop: `python -m deploy.stack.foreground DATA_DIR PORT_BASE`."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.stack import report
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout
from deploy.stack.supervisor import stack


def run(data_dir: Path, layout: Layout, *, only_servers: bool, progress: Console) -> None:
    """Run the stack until SIGINT or SIGTERM. Print the addresses when it is ready, and progress to its own console."""
    asyncio.run(_until_stopped(lambda: _run(data_dir, layout, only_servers=only_servers, progress=progress), progress))


async def _run(data_dir: Path, layout: Layout, *, only_servers: bool, progress: Console) -> None:
    say = report.progress(progress)
    async with AsyncExitStack() as running:
        with progress.status("starting"):
            servers, urls = await running.enter_async_context(stack(data_dir, layout, say, only_servers=only_servers))
        Console().print(report.addresses(layout, servers, urls, data_dir, only_servers=only_servers))
        steps = report.next_steps(data_dir, only_servers=only_servers)
        progress.print(steps, markup=False, highlight=False, soft_wrap=True)
        await asyncio.Event().wait()


async def _until_stopped(work: Callable[[], Coroutine[None, None, None]], progress: Console) -> None:
    """Run `work` until SIGINT or SIGTERM, then let it shut down. Further signals have no effect."""
    task = asyncio.create_task(work())
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            task.cancel()

    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    try:
        await task
    except asyncio.CancelledError:
        progress.print("Stopped. The data is kept.")


def main(
    data_dir: Path,
    port_base: int,
    only_servers: Annotated[bool, typer.Option("--only-servers", help="Do not run the services.")] = False,
) -> None:
    """Run the stack. A `StackError` is printed as a message without a stack trace."""
    try:
        run(data_dir, Layout(port_base), only_servers=only_servers, progress=Console(stderr=True))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    typer.run(main)
