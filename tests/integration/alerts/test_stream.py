"""The live stream of alerts, read by real clients over HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from chassis.http import auth, connection
from chassis.http.admission import MAX_CONCURRENT
from chassis.http.auth import Authenticator
from chassis.http.event_stream import HEARTBEAT_SECONDS
from chassis.http.history import entry_of
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import GRACE_SECONDS, Server, Service, ServiceContext, listener, server_config
from chassis.store.mapper import EventMapper
from contracts import alerts
from contracts.customer import HelperAdded, HelperRemoved, Merged, OwnerAssigned
from contracts.event import Envelope, Event
from contracts.examples import CUSTOMER_ID, example, example_envelope
from deploy.stack import tokens
from services.alerts.__main__ import build
from services.alerts.api import stream as route
from services.alerts.detection.detector import Detector
from services.alerts.live import broadcast, recent, subscription, transitions
from services.alerts.live.broadcast import Broadcast
from services.alerts.live.transitions import Transition
from tests.bench.harness.event_data import envelope, fill
from tests.support.nginx import CONFIGURATION, nginx
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Servers
from tests.support.waiting import background, eventually
from tests.unit.chassis.issuer import SETTINGS, Issuer
from tests.unit.chassis.serving import calling, serving

SURVIVOR = UUID("01900000-0000-7000-8000-0000000000f1")
PATH = "/v1/alerts/stream"
SOON = 10


@dataclass
class Messages:
    """The messages of one stream, as they come."""

    response: httpx.Response
    _lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.response.aiter_lines()

    async def next(self) -> dict[str, str]:
        """Return the fields of the next message. Comments and `retry` are skipped."""
        async with asyncio.timeout(SOON):
            found: dict[str, str] = {}
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name in {"id", "data", "event"}:
                    found[name] = value
                if not line and found:
                    return found
        raise EOFError

    async def transitions(self, count: int) -> list[tuple[str, int]]:
        """Return type and version of the next transitions."""
        data = [json.loads((await self.next())["data"]) for _ in range(count)]
        return [(each["type"].split(".")[2], each["version"]) for each in data]

    async def comment(self) -> str:
        async with asyncio.timeout(SOON):
            return await anext(line async for line in self._lines if line.startswith(":"))

    async def rest(self) -> list[str]:
        """Return what comes until the server ends the stream."""
        async with asyncio.timeout(SOON):
            return [line async for line in self._lines]


@dataclass
class Live:
    """The alerts service on a real port."""

    service: Service
    pool: Pool
    issuer: Issuer
    port: int = 0
    _versions: dict[UUID, int] = field(default_factory=dict)

    @property
    def broadcast(self) -> Broadcast:
        found: Broadcast = self.service.app.state.dependencies.live
        return found

    async def add(self, *events: Event, customer: UUID = CUSTOMER_ID, alert: str = "alert") -> None:
        """Append transitions of an alert."""
        alert_id = uuid5(CUSTOMER_ID, alert)
        appended = []
        for event in events:
            version = self._versions[alert_id] = self._versions.get(alert_id, 0) + 1
            appended.append(envelope(event, customer, alert_id, version, 0, version))
        await fill(self.service.app.state.dependencies.store, appended)

    async def tell(self, *facts: Event, subject: UUID = CUSTOMER_ID) -> None:
        detector = Detector(self.service.app.state.dependencies.store, self.pool, EventMapper(), THREE_RULES)
        async with transaction(self.pool) as held:
            await detector.evaluate([example_envelope(fact, subject=subject) for fact in facts], held)

    @asynccontextmanager
    async def open(
        self, subject: str = "ops", role: str = "ops", token: str | None = None, **asked: Any
    ) -> AsyncIterator[Messages]:
        last = asked.pop("last", None)
        if last is not None:
            last = {"Last-Event-ID": last if isinstance(last, bytes) else str(last)}
        headers = {**self.issuer.headers(subject, role), **(last or {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with (
            httpx.AsyncClient(trust_env=False, timeout=SOON) as client,
            client.stream("GET", f"http://127.0.0.1:{self.port}{PATH}", headers=headers, params=asked) as response,
        ):
            yield Messages(response)

    async def count(self, number: int) -> None:
        """Wait until so many streams are open."""

        async def has() -> bool:
            return len(self.broadcast._streams) == number

        await eventually(has)


@pytest.fixture
async def live(running: Servers, issuer: Issuer) -> AsyncIterator[Live]:
    pool = await open_pool((await running.database("alerts")).app, size=4, application_name="tests")
    service = build(ServiceContext(SETTINGS, pool, Supervisor(), Authenticator(SETTINGS)))
    made = Live(service, pool, issuer)
    await made.tell(OwnerAssigned(owner_id="E1", leader_id="E2"))
    (run,) = (task.run for task in service.tasks if task.name == "live")
    async with background(run), serving(service.app) as made.port:

        async def has_read() -> bool:
            return made.broadcast._position is not None

        await eventually(has_read)
        yield made
        made.broadcast.stop()
    await pool.close()


RAISED = example(alerts.AlertRaised, owner_id="E1", customer_owner_id="E1", rule_id="inactivity")
ACKNOWLEDGED = example(alerts.AlertAcknowledged, owner_id="E1", customer_owner_id="E1", rule_id="inactivity")
OF_TASK = example(alerts.AlertRaised, owner_id="E3", customer_owner_id="E1", rule_id="missed-follow-up")


async def test_every_transition_comes_with_its_position(live: Live) -> None:
    async with live.open() as messages:
        assert messages.response.headers["content-type"].startswith("text/event-stream")
        assert messages.response.headers["x-accel-buffering"] == "no"
        await live.add(RAISED)
        first = await messages.next()
        assert json.loads(first["data"])["position"] == int(first["id"])
        await live.add(ACKNOWLEDGED, example(alerts.AlertCleared))
        assert await messages.transitions(2) == [("acknowledged", 2), ("cleared", 3)]


async def test_the_data_is_an_entry_of_the_history(live: Live) -> None:
    async with live.open() as messages:
        await live.add(RAISED)
        data = json.loads((await messages.next())["data"])
    (row,) = await live.service.app.state.dependencies.store.read_all(after=0)
    assert data == json.loads(entry_of(EventMapper().to_envelope(row)).model_dump_json())


async def test_visibility_is_checked_for_each_message(live: Live) -> None:
    async with (
        live.open("E6", "sales") as helper,
        live.open("E3", "sales") as acting,
        live.open("E9", "sales") as other,
    ):
        await live.add(RAISED, alert="hidden")
        await has_read_all(live)
        await live.tell(HelperAdded(employee_id="E6"))
        await live.add(OF_TASK, alert="of a task")
        (seen,) = await helper.transitions(1)
        assert await acting.transitions(1) == [seen] == [("raised", 1)]
        await live.tell(HelperRemoved(employee_id="E6"))
        await live.add(RAISED, alert="hidden again")
        await has_read_all(live)
        await live.tell(HelperAdded(employee_id="E6"), HelperAdded(employee_id="E9"))
        await live.add(RAISED, ACKNOWLEDGED, alert="last")
        for each in (helper, other):
            assert await each.transitions(2) == [("raised", 1), ("acknowledged", 2)]


async def test_those_of_the_survivor_see_the_transitions_of_a_merged_customer(live: Live) -> None:
    await live.tell(OwnerAssigned(owner_id="E4"), subject=SURVIVOR)
    await live.tell(Merged(into_customer_id=SURVIVOR))
    async with live.open("E4", "sales", customer_id=str(SURVIVOR)) as messages:
        await live.add(RAISED)
        assert await messages.transitions(1) == [("raised", 1)]


@pytest.mark.parametrize(
    "filters", [{"rule_id": "missed-follow-up"}, {"owner_id": "E3"}, {"customer_id": str(SURVIVOR)}]
)
async def test_filters_narrow_the_stream(live: Live, filters: dict[str, str]) -> None:
    async with live.open(**filters) as messages:
        await live.add(RAISED)
        await live.add(OF_TASK, customer=SURVIVOR, alert="wanted")
        found = json.loads((await messages.next())["data"])
        assert found["stream_id"] == str(uuid5(CUSTOMER_ID, "wanted"))


async def test_a_client_resumes_after_its_last_message(live: Live) -> None:
    async with live.open() as messages:
        await live.add(RAISED)
        last = (await messages.next())["id"]
    await live.add(ACKNOWLEDGED, example(alerts.AlertCleared))
    await has_read_all(live)
    async with live.open(last=last) as messages:
        assert await messages.transitions(2) == [("acknowledged", 2), ("cleared", 3)]
        await live.add(RAISED, alert="next")
        assert await messages.transitions(1) == [("raised", 1)]
    async with live.open("E9", "sales", last=last) as hidden:
        await live.add(example(alerts.AlertRaised, owner_id="E9"), alert="visible")
        assert json.loads((await hidden.next())["data"])["stream_id"] == str(uuid5(CUSTOMER_ID, "visible"))


async def has_read_all(live: Live) -> None:
    async def is_at_the_head() -> bool:
        return bool(live.broadcast._position == await live.service.app.state.dependencies.store.head())

    await eventually(is_at_the_head)


async def test_a_client_may_be_ahead_of_this_process(live: Live) -> None:
    await live.add(RAISED)
    await has_read_all(live)
    position = live.broadcast._position or 0
    live.broadcast._position = position - 1
    async with live.open(last=position) as messages:
        live.broadcast._position = position - 1
        await live.add(ACKNOWLEDGED)
        assert await messages.transitions(1) == [("acknowledged", 2)]


async def test_an_event_is_decoded_once_and_only_for_a_stream(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[int]()

    def transition_of(envelope: Envelope[Any]) -> Transition:
        read.append(envelope.position)
        return transitions.transition_of(envelope)

    monkeypatch.setattr(recent, "transition_of", transition_of)
    await live.add(RAISED, ACKNOWLEDGED)
    await has_read_all(live)
    assert read == []
    for _ in range(2):
        async with live.open(last=1) as messages:
            assert await messages.transitions(1) == [("acknowledged", 2)]
    assert len(read) == 1


@pytest.mark.parametrize("last", ["too old", "unknown"])
async def test_a_client_whose_last_message_is_not_known_is_told_to_read_the_list(
    live: Live, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    monkeypatch.setattr(recent, "MAX_RESUMED", 2)
    await live.add(RAISED, *[ACKNOWLEDGED] * 4)
    await has_read_all(live)
    async with live.open(last=1 if last == "too old" else 1_000) as messages:
        found = await messages.next()
        assert (found["event"], json.loads(found["data"])) == ("reset", {"position": int(found["id"])})
        await live.add(ACKNOWLEDGED)
        assert await messages.transitions(1) == [("acknowledged", 6)]
    async with live.open(last=found["id"]) as messages:
        assert await messages.transitions(1) == [("acknowledged", 6)]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "+1", "1e3", "1_0", str(2**63), "9" * 5_000, "a b", "null", "\xb9"])
async def test_a_last_event_id_that_no_message_had_is_answered_with_reset(live: Live, last: str) -> None:
    """A browser that gets an error never connects again."""
    await live.add(RAISED)
    await has_read_all(live)
    async with live.open(last=last.encode("latin-1")) as messages:
        assert (await messages.next())["event"] == "reset"
        await live.add(ACKNOWLEDGED)
        assert await messages.transitions(1) == [("acknowledged", 2)]


async def test_two_last_event_ids_are_refused(live: Live) -> None:
    headers = [*live.issuer.headers("ops", "ops").items(), ("Last-Event-ID", "1"), ("Last-Event-ID", "2")]
    async with httpx.AsyncClient(trust_env=False, timeout=SOON) as client:
        response = await client.get(f"http://127.0.0.1:{live.port}{PATH}", headers=headers)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["header:Last-Event-ID"]


async def test_an_empty_last_event_id_counts_as_absent(live: Live) -> None:
    await live.add(RAISED)
    await has_read_all(live)
    async with live.open(last="") as messages:
        await live.add(ACKNOWLEDGED)
        assert await messages.transitions(1) == [("acknowledged", 2)]


async def test_a_silent_stream_has_heartbeats(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_SECONDS", 0.1)
    async with live.open() as messages:
        assert [await messages.comment() for _ in range(2)] == [": heartbeat"] * 2


async def test_the_stream_ends_with_the_token(live: Live) -> None:
    token = tokens.mint(live.issuer.signer, "ops", ["ops"], expires_in_seconds=1)
    async with live.open(token=token) as messages:
        assert messages.response.status_code == 200
        assert "data" not in "".join(await messages.rest())
    await live.count(0)


async def test_the_stream_ends_when_the_issuer_removes_the_key(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_SECONDS", 0.1)
    async with live.open() as messages:
        assert await messages.comment()
        monkeypatch.setattr(auth, "KEYS_FRESH_SECONDS", 0.0)
        live.issuer.published = {}
        await messages.rest()


async def test_a_person_has_few_streams(live: Live) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(broadcast.MAX_STREAMS_OF_PERSON):
            await stack.enter_async_context(live.open("E1", "sales"))
        await refused(live, 429, "too-many-streams", "E1")
        async with live.open("E2", "sales") as other:
            assert other.response.status_code == 200
    await live.count(0)
    async with live.open("E1", "sales") as again:
        assert again.response.status_code == 200


async def test_a_process_has_a_limit_of_streams(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "MAX_STREAMS", 1)
    async with live.open("E1", "sales"):
        await refused(live, 503, "overloaded", "E2")


async def refused(live: Live, status: int, code: str, subject: str) -> None:
    async with live.open(subject, "sales") as messages:
        problem = json.loads(await messages.response.aread())
        assert (messages.response.status_code, problem["code"], problem["retryable"]) == (status, code, True)
        assert messages.response.headers["retry-after"] == str(broadcast.RETRY_AFTER_SECONDS)


async def test_streams_end_at_once_when_the_service_stops(live: Live) -> None:
    async with live.open() as messages:
        for end in live.service.on_stop:
            end()
        async with asyncio.timeout(1):
            await messages.rest()
    await refused(live, 503, "unavailable", "E1")


async def test_a_stop_signal_ends_streams_and_the_server_does_not_wait(live: Live) -> None:
    server = Server(server_config(live.service.app, SETTINGS.model_copy(update={"port": 0})), live.service.on_stop)
    running = asyncio.create_task(server._serve([listener(server.config)]))

    async def has_started() -> bool:
        return server.started

    await eventually(has_started)
    live.port = server.servers[0].sockets[0].getsockname()[1]
    async with live.open() as messages:
        server._stop()
        async with asyncio.timeout(GRACE_SECONDS / 3):
            await messages.rest()
            await running


async def test_streams_pass_nginx_unbuffered_and_take_no_place_of_other_requests(live: Live, tmp_path: Path) -> None:
    few_places = {f"max_conns={MAX_CONCURRENT}": "max_conns=1"}
    address = f"127.0.0.1:{live.port}"
    async with AsyncExitStack() as stack, nginx(tmp_path, address, few_places, service="alerts") as live.port:
        streams = [await stack.enter_async_context(live.open()) for _ in range(3)]
        await live.add(RAISED)
        assert [await each.transitions(1) for each in streams] == [[("raised", 1)]] * 3
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{live.port}", trust_env=False) as client:
            listed = await client.get("/v1/alerts", headers=live.issuer.headers("ops", "ops"))
            assert listed.status_code == 200


async def test_heartbeats_come_more_often_than_nginx_gives_up() -> None:
    template = (CONFIGURATION / "nginx.conf.template").read_text()
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", template)
    assert int(seconds) > 2 * HEARTBEAT_SECONDS
    streams = template.partition("upstream alerts_streams")[2]
    assert f"max_conns={broadcast.MAX_STREAMS}" in streams.partition("\n    }")[0]


async def test_a_client_that_does_not_read_is_cut_off(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "MAX_WAITING", 20)
    monkeypatch.setattr(connection, "READ_SECONDS", 0.5)
    authorization = live.issuer.headers("ops", "ops")["Authorization"]
    async with calling(live.port) as silent, live.open("E2", "leader") as reading:
        silent.reader._transport.pause_reading()  # type: ignore[attr-defined]
        silent.send(f"GET {PATH} HTTP/1.1\r\nHost: care.test\r\nAuthorization: {authorization}\r\n\r\n".encode())
        await live.count(2)
        large = example(alerts.AlertRaised, owner_id="E2", summary="s" * 1_000, summary_zh="s" * 1_000)
        sent = 0
        while len(live.broadcast._streams) == 2:
            await live.add(*[large] * 10)
            sent += 10
            assert len(await reading.transitions(10)) == 10
            assert sent < 10_000
    assert sent > 20
