"""The consumer of docs/kafka.md, as it stands there, survives kills, replays and a declared restore."""

import asyncio
import os
import re
import signal
import sqlite3
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
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

PAGE = Path(__file__).parents[2] / "docs/kafka.md"
DOCUMENTED_TOPIC = "care.alert.events.v1"
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
    """The documented program in a process of its own, with its file."""

    def __init__(self, folder: Path, pipeline: Pipeline) -> None:
        self._program = folder / f"{uuid4().hex}.py"
        self._program.write_text(documented_consumer().replace(DOCUMENTED_TOPIC, pipeline.topic.name), "utf-8")
        self._file = folder / "alerts.db"
        self._environment = {
            **os.environ,
            "CARE_KAFKA_BOOTSTRAP": pipeline.bootstrap,
            "ALERTS_FILE": str(self._file),
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        """Run the program, and kill it at the end of the block."""
        process = await asyncio.create_subprocess_exec(sys.executable, str(self._program), env=self._environment)
        try:
            yield process
        finally:
            assert process.returncode is None
            process.send_signal(signal.SIGKILL)
            await process.wait()

    def ids(self) -> list[str]:
        """Return the ids of the kept events, in the order of their positions."""
        if not self._file.exists():
            return []
        with sqlite3.connect(self._file) as database:
            return [row[0] for row in database.execute("SELECT id FROM alert_event ORDER BY position")]

    async def has_all(self, store: EventStore) -> bool:
        return self.ids() == [str(each.id) for each in await evidence.stored(store._pool)]

    async def has_some(self, more_than: int) -> bool:
        return len(self.ids()) > more_than


async def test_62_the_documented_consumer_misses_and_doubles_nothing(
    watched: Pipeline, database: Database, tmp_path: Path
) -> None:
    outside = OutsideConsumer(tmp_path, watched)
    async with background(watched.relay().run):
        ids = await commit(watched.store, CUSTOMERS)
        await wait_until_true(watched.pool, ALL_PUBLISHED)
        for number in range(KILLS):
            known = len(outside.ids())
            async with outside.running():
                await change(watched.store, ids, f"while reader {number} runs")
                await eventually(lambda known=known: outside.has_some(known))  # type: ignore[misc]
        async with outside.running():
            await eventually(lambda: outside.has_all(watched.store))
    await as_admin(database, RESTORE)
    await delete_topic(watched.bootstrap, watched.topic)
    async with background(watched.relay().run):
        await change(watched.store, ids, "after the restore")
        async with outside.running():
            await eventually(lambda: outside.has_all(watched.store))


@pytest.mark.nightly
async def test_62_the_documented_consumer_notices_a_restore_while_it_runs(
    watched: Pipeline, database: Database, tmp_path: Path
) -> None:
    outside = OutsideConsumer(tmp_path, watched)
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
