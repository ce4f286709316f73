"""The command line of the local stack: run it, get a token from it, find it, forget its data."""

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

from deploy.stack import containers, report, state
from deploy.stack.errors import CannotRun
from deploy.stack.layout import Layout
from deploy.stack.supervisor import stack

TOKEN_TIMEOUT_SECONDS = 10.0

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console()
DataDir = Annotated[Path, typer.Option(help="Where the data, the secrets and the logs are.")]
DEFAULT_DATA_DIR = Path(".care")


@app.command()
def run(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port_base: Annotated[int, typer.Option(help="The first port; all others follow from it.")] = 8000,
) -> None:
    """Run PostgreSQL, Kafka, the issuer and the four services until Ctrl-C."""
    asyncio.run(_until_stopped(lambda: _run(data_dir, Layout(port_base))))


@app.command()
def token(
    subject: Annotated[str, typer.Option(help="Whom the token is for.")],
    role: Annotated[list[str], typer.Option(help="A role; give it again for several.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print an access token of the running stack."""
    issuer = state.running(data_dir).environment["CARE_ISSUER"]
    asked = {"subject": subject, "roles": role}
    answer = httpx.post(f"{issuer}/token", json=asked, timeout=TOKEN_TIMEOUT_SECONDS, trust_env=False)
    if answer.is_error:
        raise CannotRun(answer.json()["detail"])
    print(answer.json()["access_token"])


@app.command()
def env(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Print the running stack's addresses as lines for a shell: eval "$(python -m deploy.stack env)"."""
    for name, value in state.running(data_dir).environment.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def reset(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Forget all data of the stack. It must not be running."""
    with state.sole_instance(data_dir):
        # PostgreSQL's folders may be links to where its account can reach them.
        for link in data_dir.iterdir():
            if link.is_symlink():
                shutil.rmtree(link.resolve(), ignore_errors=True)
        containers.forget(data_dir)
        shutil.rmtree(data_dir)
    print(f"All data of {data_dir} is gone.")


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
    """Run `work` until a signal asks it to stop, then let it tidy up however often it is asked again."""
    task = asyncio.create_task(work())
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            task.cancel()

    for wish in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wish, stop)
    try:
        await task
    except asyncio.CancelledError:
        console.print("Stopped. The data is kept.")


def main() -> None:
    """Run the command line; what a person can mend is a sentence, not a stack trace."""
    try:
        app()
    except CannotRun as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
