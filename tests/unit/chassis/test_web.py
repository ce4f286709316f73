"""The application around the routes: body limits, probes and admission control."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, Request

from chassis.commands.command import Command
from chassis.http import admission, probes
from chassis.http.access import Allow, Caller
from chassis.http.body import MAX_BODY_BYTES, StrictRoute
from chassis.http.documents import FOLDER
from chassis.http.probes import Check, Metrics, Readiness
from chassis.http.problems import MEDIA_TYPE
from chassis.runtime.metrics import REJECTED
from chassis.runtime.supervisor import Supervisor
from tests.unit.chassis.issuer import Issuer, app_of, client_of

LARGER = 3 * MAX_BODY_BYTES
DOCUMENTS = {
    "/openapi.json": "openapi/customer.json",
    "/schemas/care.customer.registered.v1.json": "schemas/care.customer.registered.v1.json",
}
Guarded = Annotated[Caller, Depends(Allow())]


class Thing(Command):
    note: str


def router_of() -> APIRouter:
    router = APIRouter(prefix="/v1", route_class=StrictRoute)

    @router.post("/things")
    async def make(thing: Thing, _caller: Guarded) -> int:
        return len(thing.note)

    @router.post("/files", max_body_size=LARGER)
    async def send(request: Request, _caller: Guarded) -> int:
        return len(await request.body())

    return router


async def in_chunks(raw: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), 10_000):
        yield raw[start : start + 10_000]


async def post(issuer: Issuer, path: str, raw: bytes, *, chunked: bool = False, language: str = "en") -> httpx.Response:
    headers = issuer.headers(content_type="application/json", accept_language=language)
    async with client_of(app_of(router_of())) as client:
        return await client.post(path, content=in_chunks(raw) if chunked else raw, headers=headers)


def body_of(size: int) -> bytes:
    return b'{"note": "' + b"x" * (size - 12) + b'"}'


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_largest_body_that_is_allowed_is_read(issuer: Issuer, chunked: bool) -> None:
    response = await post(issuer, "/v1/things", body_of(MAX_BODY_BYTES), chunked=chunked)
    assert response.status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/v1/things", "/v1/nowhere"])
async def test_a_larger_body_does_not_reach_the_route(issuer: Issuer, path: str, chunked: bool) -> None:
    response = await post(issuer, path, body_of(MAX_BODY_BYTES + 1), chunked=chunked)
    assert response.status_code == (404 if chunked and path == "/v1/nowhere" else 413)
    assert response.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("language", "title"), [("en", "The body is larger than allowed"), ("zh", "请求体超过限制")])
async def test_a_body_too_large_is_a_problem_like_any_other(
    issuer: Issuer, chunked: bool, language: str, title: str
) -> None:
    response = await post(issuer, "/v1/things", body_of(MAX_BODY_BYTES + 1), chunked=chunked, language=language)
    document = response.json()
    assert (document["status"], document["code"], document["title"]) == (413, "too-large", title)
    assert response.headers["x-correlation-id"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_application_for_files_accepts_more_up_to_its_own_limit(issuer: Issuer, chunked: bool) -> None:
    assert (await post(issuer, "/v1/files", b"x" * LARGER, chunked=chunked)).json() == LARGER
    refused = await post(issuer, "/v1/files", b"x" * (LARGER + 1), chunked=chunked)
    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")


async def test_content_length_is_ignored_for_a_chunked_body(issuer: Issuer) -> None:
    headers = issuer.headers(content_type="application/json") | {"Content-Length": "2", "Transfer-Encoding": "chunked"}
    async with client_of(app_of(router_of())) as client:
        refused = await client.post("/v1/things", content=in_chunks(body_of(MAX_BODY_BYTES + 1)), headers=headers)
    assert refused.status_code == 413


async def get(path: str, supervisor: Supervisor | None = None, **checks: Check) -> httpx.Response:
    async with client_of(app_of(supervisor=supervisor, checks=checks)) as client:
        return await client.get(path)


async def fine() -> str | None:
    return None


async def away() -> str | None:
    return "the database does not answer"


async def test_a_process_is_live_even_if_its_dependencies_fail() -> None:
    assert (await get("/livez", database=away)).status_code == 200


@pytest.mark.parametrize("path", ["/readyz", "/startupz"])
async def test_a_process_is_ready_when_its_checks_pass(path: str) -> None:
    response = await get(path, database=fine, issuer=fine)
    assert (response.status_code, response.json()["status"]) == (200, "ready")


async def test_a_process_that_is_not_ready_names_the_fault_and_when_to_retry() -> None:
    response = await get("/readyz", database=away, issuer=fine)
    assert (response.status_code, response.json()["status"]) == (503, "not-ready")
    assert response.json()["faults"] == {"database": "the database does not answer"}
    assert response.headers["retry-after"] == "2"


async def test_a_failing_task_degrades_the_process_but_the_api_stays_ready() -> None:
    made = Supervisor()
    made.add("relay", fine)  # type: ignore[arg-type]
    made.health("relay").failed("no broker")
    response = await get("/readyz", made, database=fine)
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["tasks"] == {"relay": {"ready": False, "detail": "no broker"}}


async def test_metrics_can_be_scraped() -> None:
    response = await get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "care_task_restarts_total" in response.text


@pytest.mark.parametrize("path", ["/docs/", "/redoc", "/docs/oauth2-redirect", "/", "/.env"])
async def test_there_are_no_other_public_addresses(path: str) -> None:
    assert (await get(path)).status_code == 404


@pytest.mark.parametrize(("language", "title"), [("en", "Too many requests"), ("zh-CN", "请求过多")])
async def test_a_request_above_the_limit_is_rejected_with_a_problem(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, language: str, title: str
) -> None:
    monkeypatch.setattr(admission, "MAX_CONCURRENT", 0)
    response = await post(issuer, "/v1/things", body_of(20), language=language)
    assert (response.status_code, response.json()["code"], response.json()["retryable"]) == (503, "overloaded", True)
    assert title in response.json()["title"]
    assert (response.headers["retry-after"], response.headers["content-type"]) == ("2", MEDIA_TYPE)
    assert response.headers["x-correlation-id"]


async def test_a_request_that_has_ended_frees_its_slot(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_CONCURRENT", 1)
    async with client_of(app_of(router_of())) as client:
        headers = issuer.headers(content_type="application/json")
        for _ in range(3):
            assert (await client.post("/v1/things", content=body_of(20), headers=headers)).status_code == 200


async def test_a_probe_is_never_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_CONCURRENT", 0)
    for path in ("/livez", "/readyz", "/startupz", "/metrics"):
        assert (await get(path, database=fine)).status_code == 200


async def test_63_a_document_is_never_rejected_and_is_sent_as_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_CONCURRENT", 0)
    for path, file in DOCUMENTS.items():
        response = await get(path)
        assert (response.status_code, response.content) == (200, (FOLDER / file).read_bytes())


async def test_63_probes_that_come_together_share_one_run_of_the_checks() -> None:
    runs, may_end = 0, asyncio.Event()

    async def count() -> str | None:
        nonlocal runs
        runs += 1
        await may_end.wait()
        return "away"

    readiness = Readiness({"database": count})
    asked = [asyncio.create_task(readiness.faults()) for _ in range(20)]
    asyncio.get_running_loop().call_soon(may_end.set)
    assert await asyncio.gather(*asked) == 20 * [{"database": "away"}]
    assert runs == 1
    await readiness.faults()
    assert runs == 2


async def test_63_a_prober_that_goes_away_does_not_end_the_checks_of_the_others() -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    async def wait() -> str | None:
        started.set()
        await may_end.wait()
        return "away"

    readiness = Readiness({"database": wait})
    first = asyncio.create_task(readiness.faults())
    await started.wait()
    second = asyncio.create_task(readiness.faults())
    first.cancel()
    may_end.set()
    assert await second == {"database": "away"}


def test_63_metrics_are_rendered_at_most_once_in_a_period(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    first = metrics.text()
    REJECTED.inc()
    assert metrics.text() is first
    monkeypatch.setattr(probes, "METRICS_SECONDS", 0.0)
    assert metrics.text() != first
