"""The terminal output of the stack: progress during the start, then the addresses."""

import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.infrastructure import Infrastructure
from deploy.stack.layout import DEFAULT_DATA_DIR, Layout
from deploy.stack.providers import Say
from deploy.stack.state import data_dir_option


def progress(console: Console) -> Say:
    """Return a function that prints a line with the elapsed seconds."""
    started = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {escape(text)}", highlight=False, soft_wrap=True)

    return say


def addresses(
    layout: Layout, servers: Infrastructure, urls: DatabaseUrls, data_dir: Path, *, only_servers: bool
) -> Table:
    """Return the table of all running parts and their addresses."""
    title = "PostgreSQL and Kafka are running" if only_servers else "Customer lifecycle is running"
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    if not only_servers:
        for service in SERVICES:
            table.add_row(service, layout.url(service), f"{layout.url(service)}/openapi.json")
        table.add_row("issuer", layout.issuer, "for development only")
    table.add_row("PostgreSQL", urls.bi_reader.split("@")[1].split("/")[0], servers.postgres_label)
    table.add_row("Kafka", servers.kafka_bootstrap, servers.kafka_label)
    table.add_row("logs, data", str(data_dir / "logs"), str(data_dir))
    return table


def next_steps(data_dir: Path, *, only_servers: bool) -> str:
    """Return useful next commands, one per line."""
    if only_servers:
        return f"Start the services: ./care start{option(data_dir)}"
    return "\n".join(
        [
            f"A token:   ./care token --subject ana --role sales{option(data_dir)}",
            f"SQL:       ./care psql bi{option(data_dir)}",
            f"The demo:  ./care demo{option(data_dir)}",
            f"Stop:      ./care stop{option(data_dir)}, or Ctrl-C in its terminal",
        ]
    )


def option(data_dir: Path) -> str:
    """Return the option that names the data folder in a command; nothing for the default one."""
    return "" if data_dir.absolute() == DEFAULT_DATA_DIR else f" {data_dir_option(data_dir)}"
