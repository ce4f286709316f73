"""A declared restore: consumers are set back, a new epoch begins, and nothing is missed or applied twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from chassis.kafka.client import ensure_topics
from deploy import erasures
from deploy.restore import declaration, observation
from deploy.restore.declaration import RestoreRefusedError, declare, ensure_possible
from deploy.restore.observation import Connections, Store, applied, connected, connected_services, stores
from deploy.restore.procedure import keep_erasures
from tests.faults.support.deployment import ALL_PUBLISHED, Deployment, as_admin, wait_until_true
from tests.faults.support.facts import change, commit
from tests.faults.support.relay_process import delete_topic
from tests.support.pipeline import Pipeline
from tests.support.servers import Database, Servers
from tests.support.waiting import background, eventually

KEPT = 20
LOSE = f"""
    DELETE FROM event WHERE position > {KEPT};
    UPDATE relay_cursor SET position = {KEPT}; UPDATE relay_partition SET position = least(position, {KEPT});
"""


@pytest.fixture
async def databases(
    watched: Pipeline, database: Database, running: Servers, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connections]:
    """The four databases of a deployment; that of customer holds the store, the consumer and the topic of `watched`."""
    for module in (observation, declaration):
        monkeypatch.setattr(module, "FEEDS", {watched.topic.name: watched.topic})
    others = {name: (await running.database(name)).admin for name in ("followup", "alerts", "reporting")}
    async with connected({"customer": database.admin, **others}) as opened:
        yield opened


async def published(pipeline: Pipeline) -> list[UUID]:
    """Publish and apply 40 events of 20 customers."""
    async with background(pipeline.relay().run, pipeline.consumer().run):
        ids = await commit(pipeline.store, KEPT)
        await change(pipeline.store, ids, "since the copy was made")
        await eventually(lambda: pipeline.has_seen(2 * KEPT))
        await wait_until_true(pipeline.pool, ALL_PUBLISHED)
    return ids


async def found_stores(databases: Connections) -> dict[str, Store]:
    return {store.name: store for store in await stores(databases)}


async def restore(databases: Connections, *set_back: str) -> dict[str, UUID]:
    found = await found_stores(databases)
    positions = await applied(databases, found)
    ensure_possible(await connected_services(databases), found, positions, set_back)
    return await declare(databases, found, positions)


async def epochs_on(pipeline: Pipeline) -> set[str]:
    """Return the epochs of all records on the topic, as an outside consumer reads them."""
    reader = AIOKafkaConsumer(pipeline.topic.name, bootstrap_servers=pipeline.bootstrap, auto_offset_reset="earliest")
    async with reader:
        fetched = await reader.getmany(timeout_ms=5_000)
        return {json.loads(record.value)["epoch"] for records in fetched.values() for record in records}


async def test_62_after_a_declared_restore_new_facts_are_applied_once_in_a_new_epoch(
    watched: Pipeline, database: Database, databases: Connections
) -> None:
    ids = await published(watched)
    before = await epochs_on(watched)
    await as_admin(database, LOSE)
    with pytest.raises(RestoreRefusedError, match="--set-back customer"):
        await restore(databases)
    epochs = await restore(databases, "customer")
    await delete_topic(watched.bootstrap, watched.topic)
    async with background(watched.relay().run, watched.consumer().run):
        await change(watched.store, ids, "after the restore")
        await eventually(lambda: watched.has_seen(3 * KEPT))
        assert await epochs_on(watched) == {str(epochs["customer"])}
    assert before.isdisjoint({str(epochs["customer"])})


async def test_62_a_restore_of_everything_to_one_instant_sets_no_consumer_back(
    watched: Pipeline, databases: Connections
) -> None:
    await published(watched)
    old = await found_stores(databases)
    epochs = await restore(databases)
    assert epochs.keys() == old.keys()
    assert all(epochs[name] != store.epoch for name, store in old.items())
    await delete_topic(watched.bootstrap, watched.topic)
    async with background(watched.relay().run, watched.consumer().run):
        await commit(watched.store, 5)
        await eventually(lambda: watched.has_seen(2 * KEPT + 5))


async def test_62_a_restore_is_refused_while_a_service_is_connected(
    watched: Pipeline, database: Database, databases: Connections
) -> None:
    await published(watched)
    await as_admin(database, LOSE)
    service = await asyncpg.connect(database.admin, server_settings={"application_name": "care-customer"})
    try:
        with pytest.raises(RestoreRefusedError, match=r"Stop all services first: .* care-customer"):
            await restore(databases, "customer")
    finally:
        await service.close()


async def test_62_a_store_that_has_appended_since_the_restore_is_refused(
    watched: Pipeline, database: Database, databases: Connections
) -> None:
    await published(watched)
    await as_admin(database, LOSE)
    await commit(watched.store, 2 * KEPT)
    with pytest.raises(RestoreRefusedError, match="holds another event"):
        await restore(databases, "customer")


async def test_62_a_second_declaration_keeps_the_erasures_that_the_first_one_wrote(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, kept = tmp_path / "erasures.jsonl", erasures.Erasure("c", None, "asked")
    file.write_text('{"customer_id": "c", "key_contact_id": null, "reason": "asked"}\n')
    # The first restore has lost the erasure, so the topic that was filled again lacks it.
    await ensure_topics(deployment.bootstrap, (deployment.topic,))
    monkeypatch.setattr(erasures, "CUSTOMER_EVENTS", deployment.topic)
    assert await asyncio.to_thread(keep_erasures, deployment.bootstrap, file) == 1
    assert erasures.read(file.read_text().splitlines()) == [kept]
