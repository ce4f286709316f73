"""Prints the progress of a run, the versions, and notes for readers of the figures."""

import sys
from importlib.metadata import version
from platform import python_version

import asyncpg
from rich.console import Console

from deploy.stack.infrastructure import Infrastructure

LIBRARIES = ("asyncpg", "aiokafka", "fastapi", "pydantic", "uvicorn", "uvloop", "eventsourcing")
SETTINGS = "SELECT current_setting(name) FROM unnest(ARRAY['server_version', 'fsync', 'synchronous_commit']) AS s(name)"

# Without a terminal, the table need not be as narrow as one.
console = Console(width=None if sys.stdout.isatty() else 120)


async def say_versions(infrastructure: Infrastructure) -> None:
    """Say what is measured, with the durability that the server itself reports."""
    connection = await asyncpg.connect(infrastructure.postgres_admin_url)
    number, fsync, commit = [row[0] for row in await connection.fetch(SETTINGS)]
    await connection.close()
    say(f"PostgreSQL {number}, fsync {fsync}, synchronous_commit {commit}; {infrastructure.kafka_label}")
    say(f"Python {python_version()}, {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}")


def say(text: str) -> None:
    console.print(text, style="dim", soft_wrap=True, markup=False, highlight=False)
