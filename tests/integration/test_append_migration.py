"""The migration to expiring keys and an advisory lock, with the store of an earlier build, and back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import chassis.store
from chassis.postgres.database import Pool, open_pool
from chassis.store.append import Append, Outcome, arrays
from chassis.store.event_store import EventStore
from chassis.store.retention import RETENTION
from tests.support.appends import ANSWER, new_event
from tests.support.servers import Database

UP, DOWN = (
    (Path(chassis.store.__file__).parent / "schema" / "20261129070000_appends.sql").read_text().split("-- migrate:down")
)
# The call of a build from before the migration.
APPEND_BEFORE = f"SELECT outcome FROM append_events({', '.join(f'${n}' for n in range(1, 16))})"
INSERT_KEY = "INSERT INTO idempotency (key, request_hash, status, body, created_at) VALUES ($1, 'h', 200, 'b', $2)"
REQUEST, DIGEST, MESSAGE = "E1|POST /v1/customers|k", "a" * 64, "customer-inbound|erp|7"
EXPIRY = "SELECT key, expires_on FROM idempotency WHERE key = ANY($1)"


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.admin, size=1, application_name="tests", session={"role": "care_migrator"})
    yield opened
    await opened.close()


def of_key(key: str, stream_id: UUID | None = None) -> Append:
    return Append(key, ANSWER, [new_event(stream_id or uuid4(), 1)])


async def append_before(pool: Pool, append: Append) -> str:
    outcome: str = await pool.fetchval(APPEND_BEFORE, *arrays([append])[:15])
    return outcome


async def test_71_keys_of_an_earlier_build_expire_by_their_age_and_messages_never(owner: Pool) -> None:
    now = datetime.now(UTC)
    await owner.execute(DOWN)
    for key in (REQUEST, DIGEST, MESSAGE):
        await owner.execute(INSERT_KEY, key, now - timedelta(days=1))
        await owner.execute(INSERT_KEY, f"{key}-old" if key != DIGEST else "b" * 64, now - timedelta(days=9))
    await owner.execute(UP)
    kept = [REQUEST, DIGEST, MESSAGE, f"{REQUEST}-old", "b" * 64, f"{MESSAGE}-old"]
    expires_on = {row["key"]: row["expires_on"] for row in await owner.fetch(EXPIRY, kept)}
    day = (now - timedelta(days=1)).date() + RETENTION
    assert {key: expires_on.pop(key) for key in (REQUEST, DIGEST)} == {REQUEST: day, DIGEST: day}
    assert expires_on.keys() == {MESSAGE, f"{MESSAGE}-old"}


async def test_64_positions_continue_through_the_migration_and_back(store: EventStore, pool: Pool, owner: Pool) -> None:
    await store.append(of_key("first"))
    await owner.execute(DOWN)
    assert await store.head() == 1
    assert [await append_before(pool, of_key(key)) for key in ("first", "second")] == ["duplicate", "done"]
    _, before = await store.watermark()
    await owner.execute(UP)
    assert (await store.append(of_key("third"))).outcome is Outcome.DONE
    assert (await store.append(of_key("second"))).outcome is Outcome.DUPLICATE
    assert [row["position"] for row in await store.read_rows(after=0, limit=10)] == [1, 2, 3]
    assert (await store.watermark())[1] >= before


async def test_71_a_build_from_before_the_migration_can_still_append(store: EventStore, pool: Pool) -> None:
    assert await append_before(pool, of_key("old")) == "done"
    assert (await store.append(of_key("old"))).outcome is Outcome.DUPLICATE
