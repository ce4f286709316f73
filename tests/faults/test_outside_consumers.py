"""Outside consumers survive kills and a declared restore: the program of docs/kafka.md, and one in JavaScript."""

import asyncio
import hashlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.store.event_store import EventStore
from tests.faults.support import evidence
from tests.faults.support.deployment import ALL_PUBLISHED, as_admin, wait_until_true
from tests.faults.support.facts import change, commit
from tests.faults.support.relay_process import delete_topic
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/kafka.md"
JAVASCRIPT = Path(__file__).parent / "outside"
FILES = ("package.json", "package-lock.json", "consumer.mjs")
DOCUMENTED_TOPIC = "care.alert.events.v1"
INSTALL_TIMEOUT_SECONDS = 180
CUSTOMERS, KILLS, KEPT = 20, 4, 30
RESTORE = f"""
    DELETE FROM event WHERE position > {KEPT};
    UPDATE relay_cursor SET position = {KEPT}; UPDATE relay_partition SET position = least(position, {KEPT});
    UPDATE store_epoch SET epoch = gen_random_uuid();
"""


def documented_consumer() -> str:
    """Return the program of the page that keeps its positions."""
    [program] = [
        each for each in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if "SQLite" in each
    ]
    return str(program)


class OutsideConsumer:
    """A program in a process of its own, with the file that it writes. `read` returns (position, id) of its events."""

    def __init__(self, command: list[str], file: Path, read: Callable[[Path], list[tuple[int, str]]]) -> None:
        self._command = command
        self._file = file
        self._read = read

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        """Run the program, and kill it at the end of the block."""
        process = await asyncio.create_subprocess_exec(*self._command)
        try:
            yield process
        finally:
            assert process.returncode is None
            process.send_signal(signal.SIGKILL)
            await process.wait()

    def ids(self) -> list[str]:
        """Return the ids of the kept events, in the order of their positions."""
        return [event_id for _, event_id in sorted(self._read(self._file))] if self._file.exists() else []

    async def has_all(self, store: EventStore) -> bool:
        return self.ids() == [str(each.id) for each in await evidence.stored(store._pool)]

    async def has_some(self, more_than: int) -> bool:
        return len(self.ids()) > more_than


def in_python(folder: Path, pipeline: Pipeline) -> OutsideConsumer:
    """Return the program of the page, with another topic."""
    program, file = folder / f"{uuid4().hex}.py", folder / "alerts.db"
    program.write_text(documented_consumer().replace(DOCUMENTED_TOPIC, pipeline.topic.name), "utf-8")
    variables = [f"CARE_KAFKA_BOOTSTRAP={pipeline.bootstrap}", f"ALERTS_FILE={file}"]
    return OutsideConsumer(["env", *variables, sys.executable, str(program)], file, rows_of)


def rows_of(file: Path) -> list[tuple[int, str]]:
    with sqlite3.connect(file) as database:
        # The program creates the file before the table.
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alert_event'").fetchone():
            return []
        return list(database.execute("SELECT position, id FROM alert_event"))


def in_javascript(folder: Path, pipeline: Pipeline) -> OutsideConsumer:
    """Return a program that checks each record with the JavaScript SDK of CloudEvents. Skips without node and npm."""
    installed, file = installed_program(), folder / "events.json"
    return OutsideConsumer(
        ["node", str(installed), pipeline.bootstrap, pipeline.topic.name, str(file)], file, events_of
    )


def events_of(file: Path) -> list[tuple[int, str]]:
    return [(position, event_id) for position, event_id in json.loads(file.read_text("utf-8"))["events"]]


def installed_program() -> Path:
    """Install the packages of the program once, below build/, and return its path there."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so no consumer in JavaScript can run")
    content = b"".join((JAVASCRIPT / name).read_bytes() for name in FILES)
    folder = ROOT / "build" / f"outside-{hashlib.sha256(content).hexdigest()[:12]}"
    if not (folder / "node_modules/.package-lock.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copy(JAVASCRIPT / name, folder)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=180
        )
    return folder / "consumer.mjs"


async def misses_and_doubles_nothing(outside: OutsideConsumer, pipeline: Pipeline, database: Database) -> None:
    """Kill the consumer again and again while events are published, then restore the store from an older copy."""
    async with background(pipeline.relay().run):
        ids = await commit(pipeline.store, CUSTOMERS)
        await wait_until_true(pipeline.pool, ALL_PUBLISHED)
        for number in range(KILLS):
            known = len(outside.ids())
            async with outside.running():
                await change(pipeline.store, ids, f"while reader {number} runs")
                await eventually(lambda known=known: outside.has_some(known))  # type: ignore[misc]
        async with outside.running():
            await eventually(lambda: outside.has_all(pipeline.store))
    await as_admin(database, RESTORE)
    await delete_topic(pipeline.bootstrap, pipeline.topic)
    async with background(pipeline.relay().run):
        await change(pipeline.store, ids, "after the restore")
        async with outside.running():
            await eventually(lambda: outside.has_all(pipeline.store))


async def test_62_the_documented_consumer_misses_and_doubles_nothing(
    watched: Pipeline, database: Database, tmp_path: Path
) -> None:
    await misses_and_doubles_nothing(in_python(tmp_path, watched), watched, database)


@pytest.mark.nightly
async def test_62_a_consumer_in_javascript_misses_and_doubles_nothing(
    watched: Pipeline, database: Database, tmp_path: Path
) -> None:
    await misses_and_doubles_nothing(in_javascript(tmp_path, watched), watched, database)


@pytest.mark.nightly
async def test_62_the_documented_consumer_notices_a_restore_while_it_runs(
    watched: Pipeline, database: Database, tmp_path: Path
) -> None:
    outside = in_python(tmp_path, watched)
    async with outside.running():
        async with background(watched.relay().run):
            ids = await commit(watched.store, CUSTOMERS)
            await change(watched.store, ids, "before the restore")
            await eventually(lambda: outside.has_all(watched.store))
        await as_admin(database, RESTORE)
        await delete_topic(watched.bootstrap, watched.topic)
        async with background(watched.relay().run):
            await change(watched.store, ids, "after the restore")
            await eventually(lambda: outside.has_all(watched.store))
