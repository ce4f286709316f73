"""The README's tour, as a reader types it."""

import json
import os
import re
import subprocess

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from demo.client import Client
from deploy.stack.layout import PROJECT
from tests.containers.customers import known_everywhere
from tests.containers.stack import Stack

pytestmark = pytest.mark.nightly
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
HEADING = "## Five-minute tour\n"
# Needs kcat and psql. The same is read by the clients of the tests.
OTHER_CLIENTS = "kcat"
EXAMPLE_ID = re.compile(r"ID=[0-9a-f-]{36}")


def blocks(stack: Stack) -> list[str]:
    """Return what the tour says to type, with the ports of this stack and more patience."""
    tour = (PROJECT / "README.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    text = re.sub(r"127\.0\.0\.1:800(\d)", lambda found: f"127.0.0.1:{stack.layout.base + int(found[1])}", tour)
    return [block.replace("sleep 2", "sleep 10") for block in BLOCK.findall(text) if OTHER_CLIENTS not in block]


def typed(stack: Stack, lines: list[str]) -> str:
    environment = {**os.environ, "DATA_DIR": str(stack.data_dir)}
    script = "\n".join(["set -e", *lines])
    ended = subprocess.run(
        ["bash", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


async def test_the_tour_prints_what_the_readme_says(stack: Stack, client: Client) -> None:
    first, register, *others = blocks(stack)
    answer = typed(stack, [first, register])
    assert answer.startswith("HTTP/1.1 201 Created")
    customer_id = json.loads(answer.splitlines()[-1])["id"]
    await known_everywhere(client, customer_id)
    printed = typed(stack, [first, *(EXAMPLE_ID.sub(f"ID={customer_id}", block) for block in others)])
    assert '"status": "firing"' in printed
    assert '"overdue_tasks": 1' in printed
    assert '["inactivity","resolved","cleared"]' in printed
    assert '["missed-follow-up","resolved","cleared"]' in printed
    assert '"code": "illegal-transition"' in printed
    assert '["care.followup.task-completed.v1"' in printed
    assert printed.rstrip().endswith('"status":"pending"}')


async def test_bi_and_kafka_answer_at_the_addresses_that_the_tour_names(stack: Stack) -> None:
    environment = stack.environment()
    bi = await asyncpg.connect(environment["CARE_BI_READER_URL"])
    assert await bi.fetchval("SELECT count(*) FROM bi.fct_alerts") > 0
    await bi.close()
    consumer = AIOKafkaConsumer(
        "care.alert.open.v1",
        bootstrap_servers=environment["CARE_KAFKA_BOOTSTRAP"],
        auto_offset_reset="earliest",
        group_id=None,
    )
    await consumer.start()
    try:
        assert (await consumer.getone()).key
    finally:
        await consumer.stop()
