"""`make demo`: imports the files of a company, runs a story, and prints reports for a manager."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import lifecycle
from demo.alert_listener import listen_to_alerts
from demo.client import Client, client_of
from demo.company import customers_csv, followups_csv, generate
from demo.lifecycle_table import lifecycle_table
from demo.story import play
from demo.tables import show
from demo.texts import TEXTS, Texts
from deploy.stack import report, state
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout
from deploy.stack.supervisor import stack

FIXTURES = Path(__file__).parent / "fixtures"
DEFAULT_CUSTOMERS = 300
QUIET_SECONDS = 32


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


def main(
    customers: Annotated[int, typer.Option(help="How many customers the generated company has.")] = DEFAULT_CUSTOMERS,
    seed: Annotated[int, typer.Option(help="The same seed generates the same company.")] = 7,
    language: Annotated[Language, typer.Option(help="The language of the tables.")] = Language.EN,
    data_dir: Annotated[Path, typer.Option(help="The data directory of the running product.")] = Path(".care"),
) -> None:
    """Run the demo on the running stack, or on one that is started for the demo."""
    console = Console()
    try:
        asyncio.run(run(console, customers, seed, language, data_dir))
    except StackError as error:
        raise SystemExit(str(error)) from error
    except httpx.HTTPStatusError as error:
        raise SystemExit(f"{error.request.url} answered {error.response.status_code}: {error.response.text}") from error


async def run(console: Console, customers: int, seed: int, language: Language, data_dir: Path) -> None:
    texts = TEXTS[language]
    async with environment_of(console, data_dir) as environment, client_of(environment) as client:
        async with listen_to_alerts(environment["CARE_KAFKA_BOOTSTRAP"], console, texts) as listener:
            await lifecycle.publish_plans(client)
            await import_all(client, console, texts, customers, seed)
            console.print(texts.one_life)
            life = await lifecycle.until_renewal_missed(client)
            console.print(texts.settling)
            await asyncio.sleep(QUIET_SECONDS)
            listener.reset_limit()
            console.print(texts.lost_and_won)
            await lifecycle.until_won_back(life)
            await play(client, listener, console, language)
        await show(client, console, texts)
        console.print(await lifecycle_table(life))


@asynccontextmanager
async def environment_of(console: Console, data_dir: Path) -> AsyncIterator[dict[str, str]]:
    """Return the environment of the running stack, or of one that runs for the duration of the block."""
    async with AsyncExitStack() as ours:
        if not is_running(data_dir):
            console.print("No stack is running; starting one for the demo.")
            await ours.enter_async_context(stack(data_dir, Layout(8000), report.progress(console)))
        yield state.running(data_dir).environment


def is_running(data_dir: Path) -> bool:
    try:
        state.running(data_dir)
    except StackError:
        return False
    return True


async def import_all(client: Client, console: Console, texts: Texts, customers: int, seed: int) -> None:
    company = generate(seed, customers, date.today())  # noqa: DTZ011 - the generated company uses local days
    files = [
        ("customer", "demo/fixtures/customers.csv", (FIXTURES / "customers.csv").read_bytes()),
        ("followup", "demo/fixtures/followups.csv", (FIXTURES / "followups.csv").read_bytes()),
        ("customer", "customers.csv", customers_csv(company)),
        ("followup", "followups.csv", followups_csv(company)),
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for service, name, content in files:
            await import_file(client, progress, texts.importing.format(name=name), service, content)


async def import_file(client: Client, progress: Progress, title: str, service: str, content: bytes) -> None:
    import_id = await client.send_file(service, content)
    bar = progress.add_task(title, total=None)
    async for seen in client.progress_of(service, import_id):
        progress.update(bar, total=seen["rows"], completed=seen["rows"] - seen["counts"].get("waiting", 0))
        failed = seen["counts"].get("failed", 0)
        if failed:
            progress.update(bar, description=f"{title} ({failed} failed)")


if __name__ == "__main__":
    typer.run(main)
