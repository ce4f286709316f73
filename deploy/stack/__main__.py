"""The command line of the local stack: run, up, down, token, env and reset."""

import asyncio
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from deploy.stack import compose, containers, report, state
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout
from deploy.stack.supervisor import stack

TOKEN_TIMEOUT_SECONDS = 10.0

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()
DataDir = Annotated[Path, typer.Option(help="The folder of data, secrets and logs.")]
DEFAULT_DATA_DIR = Path(".care")
PortBase = Annotated[int, typer.Option(help="The first port. All other ports are computed from it.")]
DEFAULT_PORT_BASE = 8000
Compose = Annotated[str, typer.Option(help="The command of Docker Compose.")]
DEFAULT_COMPOSE = "docker compose"


@app.command()
def run(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port_base: PortBase = DEFAULT_PORT_BASE,
) -> None:
    """Run PostgreSQL, Kafka, the issuer and the four services until Ctrl-C."""
    asyncio.run(_until_stopped(lambda: _run(data_dir, Layout(port_base))))


@app.command()
def up(
    data_dir: DataDir = DEFAULT_DATA_DIR, port_base: PortBase = DEFAULT_PORT_BASE, command: Compose = DEFAULT_COMPOSE
) -> None:
    """Run the same parts in containers, until `down`."""
    compose.up(data_dir, Layout(port_base), shlex.split(command))


@app.command()
def down(data_dir: DataDir = DEFAULT_DATA_DIR, command: Compose = DEFAULT_COMPOSE) -> None:
    """Stop the containers. Their data stays."""
    compose.down(data_dir, shlex.split(command))


@app.command()
def token(
    subject: Annotated[str, typer.Option(help="The subject of the token.")],
    role: Annotated[list[str], typer.Option(help="A role. Repeat the option for several roles.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print an access token of the running stack."""
    issuer = state.running(data_dir).environment["CARE_ISSUER"]
    body = {"subject": subject, "roles": role}
    try:
        response = httpx.post(f"{issuer}/token", json=body, timeout=TOKEN_TIMEOUT_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        raise StackError(f"The issuer at {issuer} does not answer: {error}. Find out why: make doctor") from error
    if response.is_error:
        raise StackError(response.json()["detail"])
    print(response.json()["access_token"])


@app.command()
def env(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Print the addresses of the running stack as shell commands: eval "$(python -m deploy.stack env)"."""
    for name, value in state.running(data_dir).environment.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def reset(data_dir: DataDir = DEFAULT_DATA_DIR, command: Compose = DEFAULT_COMPOSE) -> None:
    """Delete all data of the stack, and its containers. Other parts of the stack must not be running."""
    with state.sole_instance(data_dir):
        compose.remove(data_dir, shlex.split(command))
        # PostgreSQL's folders may be links to folders that its account can access.
        for link in data_dir.iterdir():
            if link.is_symlink():
                shutil.rmtree(link.resolve(), ignore_errors=True)
        containers.remove_volumes(data_dir)
        shutil.rmtree(data_dir)
    print(f"All data of {data_dir} was deleted.")


async def _run(data_dir: Path, layout: Layout) -> None:
    say = report.progress(console)
    options = "" if data_dir == DEFAULT_DATA_DIR else f" DATA_DIR={data_dir}"
    async with AsyncExitStack() as running:
        with console.status("starting"):
            servers, urls = await running.enter_async_context(stack(data_dir, layout, say))
        console.print(report.addresses(layout, servers, urls, data_dir))
        console.print(report.next_steps(urls, options), markup=False, highlight=False, soft_wrap=True)
        await asyncio.Event().wait()


async def _until_stopped(work: Callable[[], Coroutine[None, None, None]]) -> None:
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
        console.print("Stopped. The data is kept.")


def main() -> None:
    """Run the command line. A `StackError` is printed as a message without a stack trace."""
    try:
        app()
    except StackError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
