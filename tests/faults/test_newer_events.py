"""69: a newer build writes a type or a value that an older one does not know, in the store of both."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from eventsourcing.persistence import MapperDeserialisationError

from chassis.consume import newer_events
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.local_feed import LocalFeed
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.supervisor import Health
from chassis.store.mapper import BrokenStateError, EventMapper
from contracts.customer import Registered
from contracts.event import Envelope
from contracts.examples import example, example_envelope
from contracts.topics import EVENT_TYPES
from tests.faults.support.deployment import INSERT_EVENT, Deployment, Process, as_admin
from tests.faults.support.facts import change, commit
from tests.faults.support.older_build import PROFILE_CHANGED
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

BUILD = "tests.faults.support.{}"
WAITING = "1 customers have events that this build cannot read"
KNOWN, UNKNOWN = b'"kind":"company"', b'"kind":"galaxy"'
# Stands for a build that knows the value.
TEACH = "UPDATE event SET state = convert_to(replace(convert_from(state, 'UTF8'), $1, $2), 'UTF8') WHERE subject = $3"


def own_list(pipeline: Pipeline, health: Health | None = None) -> LocalFeed:
    return LocalFeed(pipeline.store, EventMapper(), pipeline.applier, health=health or Health("list"))


async def parked(pipeline: Pipeline) -> dict[UUID, int]:
    rows = await pipeline.applier.parked_events.summary(pipeline.pool)
    return {row["subject"]: row["events"] for row in rows}


async def is_parked(pipeline: Pipeline, subject: UUID, events: int) -> bool:
    return await parked(pipeline) == {subject: events}


async def nobody_is_parked(pipeline: Pipeline) -> bool:
    return await parked(pipeline) == {}


async def reports(health: Health, detail: str, *, ready: bool) -> bool:
    return (health.is_ready, health.detail) == (ready, detail)


async def add_unknown_value(database: Database) -> UUID:
    customer = uuid4()
    state = EventMapper().to_new_event(example_envelope(example(Registered))).state
    assert KNOWN in state
    await as_admin(database, INSERT_EVENT, customer, "care.customer.registered.v1", state.replace(KNOWN, UNKNOWN))
    return customer


async def test_69_an_unknown_type_parks_one_customer_until_a_newer_build_runs(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, free = await commit(watched.store, 2)
    await change(watched.store, [held], "unknown")
    health = Health("list")
    with monkeypatch.context() as older:
        older.delitem(EVENT_TYPES, PROFILE_CHANGED)
        async with background(own_list(watched, health).run):
            await eventually(lambda: is_parked(watched, held, 1))
            (other,) = await commit(watched.store, 1)
            await eventually(lambda: watched.has_seen(3))
            await eventually(lambda: reports(health, WAITING, ready=False))
        with pytest.raises(MapperDeserialisationError):
            await watched.applier.replay(held)
        assert await parked(watched) == {held: 1}
    async with background(own_list(watched, health).run):
        await eventually(lambda: nobody_is_parked(watched))
        await eventually(lambda: reports(health, "running", ready=True))
    seen = [subject for subject, _ in await watched.seen()]
    assert set(seen[:2]) == {held, free}
    assert seen[2:] == [other, held]


async def test_69_an_unknown_value_parks_one_customer_until_a_newer_build_runs(
    watched: Pipeline, database: Database
) -> None:
    held = await add_unknown_value(database)
    async with background(own_list(watched).run):
        await commit(watched.store, 2)
        await eventually(lambda: is_parked(watched, held, 1))
        await eventually(lambda: watched.has_seen(2))
    with pytest.raises(BrokenStateError):
        await watched.applier.replay(held)
    await as_admin(database, TEACH, UNKNOWN.decode(), KNOWN.decode(), held)
    async with background(own_list(watched).run):
        await eventually(lambda: nobody_is_parked(watched))
    assert (await watched.seen())[-1][0] == held


async def test_69_what_an_older_build_parks_meanwhile_is_replayed_without_a_restart(
    watched: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newer_events, "REPLAY_SECONDS", 0.1)
    held = await add_unknown_value(database)
    async with background(own_list(watched).run):
        await eventually(lambda: is_parked(watched, held, 1))
        await as_admin(database, TEACH, UNKNOWN.decode(), KNOWN.decode(), held)
        await eventually(lambda: nobody_is_parked(watched))


async def test_69_later_events_of_the_customer_are_replayed_in_order(watched: Pipeline, database: Database) -> None:
    held = await add_unknown_value(database)
    await as_admin(database, TEACH, UNKNOWN.decode(), KNOWN.decode(), held)
    await change(watched.store, [held], "later")
    await as_admin(database, TEACH, KNOWN.decode(), UNKNOWN.decode(), held)
    async with background(own_list(watched).run):
        await eventually(lambda: is_parked(watched, held, 2))
    await as_admin(database, TEACH, UNKNOWN.decode(), KNOWN.decode(), held)
    async with background(own_list(watched).run):
        await eventually(lambda: nobody_is_parked(watched))
    assert await watched.seen() == [(held, 1), (held, 2)]


async def test_69_a_customer_whose_replay_fails_stays_parked_and_stops_nobody(
    watched: Pipeline, database: Database
) -> None:
    held = await add_unknown_value(database)
    async with background(own_list(watched).run):
        await eventually(lambda: is_parked(watched, held, 1))
    await as_admin(database, TEACH, UNKNOWN.decode(), KNOWN.decode(), held)
    watched.poison.add(held)
    async with background(own_list(watched).run):
        await commit(watched.store, 2)
        await eventually(lambda: watched.has_seen(2))
    assert await parked(watched) == {held: 1}


async def test_69_customers_are_tried_some_at_a_time(
    watched: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newer_events, "REPLAY_SECONDS", 0.0)
    monkeypatch.setattr(newer_events, "MAX_TRIED", 1)
    held = [await add_unknown_value(database) for _ in range(3)]
    health = Health("list")
    async with background(own_list(watched, health).run):
        await eventually(lambda: reports(health, WAITING.replace("1", "3"), ready=False))
        for customer in held:
            await as_admin(database, TEACH, UNKNOWN.decode(), KNOWN.decode(), customer)
        await eventually(lambda: nobody_is_parked(watched))


async def test_69_events_that_only_wait_for_a_parked_one_that_is_gone_are_applied(watched: Pipeline) -> None:
    (customer,) = await commit(watched.store, 1)
    watched.poison.add(customer)
    async with background(own_list(watched).run):
        await eventually(lambda: is_parked(watched, customer, 1))
        await change(watched.store, [customer], "later")
        await eventually(lambda: is_parked(watched, customer, 2))
    watched.poison.clear()
    async with transaction(watched.pool) as held:
        await watched.applier.parked_events.discard(held, customer, 1)
    async with background(own_list(watched).run):
        await eventually(lambda: nobody_is_parked(watched))
    assert await watched.seen() == [(customer, 2)]


async def test_69_events_whose_failure_has_another_reason_are_not_replayed(watched: Pipeline) -> None:
    broken, free = await commit(watched.store, 2)
    watched.poison.add(broken)
    async with background(own_list(watched).run):
        await eventually(lambda: is_parked(watched, broken, 1))
    watched.poison.clear()
    async with background(own_list(watched).run):
        await change(watched.store, [free], "later")
        await eventually(lambda: watched.has_seen(2))
    assert await parked(watched) == {broken: 1}


async def test_69_a_policy_that_meets_an_unreadable_stream_is_replayed_by_a_newer_build(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load(envelopes: Sequence[Envelope[Any]], _held: Connection) -> None:
        loaded.extend([(await watched.customers.load(envelope.stream_id)).version for envelope in envelopes])

    def policy() -> Consumer:
        applier = Applier(watched.name, watched.pool, load)
        return Consumer(applier, [watched.topic], bootstrap=watched.bootstrap, health=Health("policy"))

    loaded: list[int] = []
    (held,) = await commit(watched.store, 1, changes=1)
    with monkeypatch.context() as older:
        older.delitem(EVENT_TYPES, PROFILE_CHANGED)
        async with background(watched.relay().run, policy().run):
            await eventually(lambda: is_parked(watched, held, 2))
    async with background(policy().run):
        await eventually(lambda: nobody_is_parked(watched))
    assert loaded == [2, 2]


async def ask(process: Process, deployment: Deployment, method: str, path: str, body: Any = None) -> httpx.Response:
    headers = deployment.issuer.headers() | {"Idempotency-Key": str(uuid4())}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(method, process.url + path, json=body, headers=headers)


async def listed(process: Process, deployment: Deployment) -> Sequence[Any]:
    response = await ask(process, deployment, "GET", "/v1/customers?limit=50")
    assert response.status_code == 200
    items: Sequence[Any] = response.json()["items"]
    return items


async def test_69_an_older_build_refuses_one_customer_and_serves_all_others(
    deployment: Deployment, database: Database, pool: Pool
) -> None:
    older, newer = [await deployment.start("customer", role, database.app) for role in ("all", "api")]
    await older.replace_build(BUILD.format("older_build"))
    made = [await ask(newer, deployment, "POST", "/v1/customers", {"name": name}) for name in ("A", "B")]
    held, free = [f"/v1/customers/{each.json()['id']}" for each in made]
    changed = await ask(newer, deployment, "POST", f"{held}/profile", {"profile": {"industry": "unknown"}})
    assert changed.status_code == 200, changed.text

    refused = await ask(older, deployment, "POST", f"{held}/stage", {"stage": "interested"})
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert "newer version" in refused.json()["detail"]
    assert (await ask(older, deployment, "POST", f"{free}/stage", {"stage": "interested"})).status_code == 200

    async def shows(stages: set[str]) -> bool:
        return {each["stage"] for each in await listed(older, deployment)} == stages

    async def shows_that_it_waits() -> bool:
        probe = (await ask(older, deployment, "GET", "/readyz")).json()
        return (probe["status"], probe["tasks"]["customer-list"]["detail"]) == ("degraded", WAITING)

    await eventually(lambda: shows({"new", "interested"}))
    await eventually(shows_that_it_waits)

    await older.replace_build(BUILD.format("worker"))
    await eventually(lambda: pool.fetchval("SELECT count(*) = 0 FROM parked_event"))
    assert (await ask(older, deployment, "POST", f"{held}/stage", {"stage": "interested"})).status_code == 200
    await eventually(lambda: shows({"interested"}))
