"""The demo: imports the files of a company, runs a story, and prints reports for a manager."""

import asyncio
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import lifecycle
from demo.alert_listener import listen_to_alerts
from demo.client import Client, client_of
from demo.company import customers_csv, followups_csv, generate
from demo.lifecycle_table import lifecycle_table
from demo.manager_day import manager_day
from demo.story import play
from demo.tables import show
from demo.texts import TEXTS, Texts

FIXTURES = Path(__file__).parent / "fixtures"
DEFAULT_CUSTOMERS = 300
QUIET_SECONDS = 32


async def run(console: Console, customers: int, seed: int, language: str, environment: dict[str, str]) -> None:
    """Run the demo on the stack with this environment."""
    texts = TEXTS[language]
    async with client_of(environment) as client:
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
        await manager_day(client, console)
        await show(client, console, texts)
        console.print(await lifecycle_table(life))


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
