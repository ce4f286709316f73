"""Each request has a correlation id, a span and metrics with route templates, never with text of the client."""

from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends
from opentelemetry import trace
from prometheus_client import REGISTRY

from chassis.http.access import Allow, Caller
from chassis.runtime import tracing
from chassis.runtime.telemetry import MAX_CORRELATION_ID
from chassis.runtime.tracing import MAX_LINKS, W3C, IdOnlyTracerProvider, Span, current_traceparent, links_of
from tests.unit.chassis.issuer import Issuer, app_of, client_of


def router_of() -> APIRouter:
    router = APIRouter(prefix="/v1/telemetry")

    @router.get("/{thing_id}")
    async def read(thing_id: UUID, caller: Annotated[Caller, Depends(Allow())]) -> str:
        if thing_id.int == 0:
            raise RuntimeError("broken")
        return caller.context.correlation_id

    return router


async def ask(issuer: Issuer, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with client_of(app_of(router_of())) as client:
        return await client.request(method, path, headers=issuer.headers(**headers))


def measured(**labels: str) -> float:
    return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0


def labels_seen() -> set[str]:
    """Return every label value that requests were measured by."""
    families = [family for family in REGISTRY.collect() if family.name == "http_server_request_duration_seconds"]
    return {value for family in families for sample in family.samples for value in sample.labels.values()}


@pytest.mark.parametrize("sent", ["req-1", "x" * MAX_CORRELATION_ID, "a b"])
async def test_a_callers_correlation_id_is_used_and_echoed(issuer: Issuer, sent: str) -> None:
    response = await ask(issuer, f"/v1/telemetry/{uuid4()}", x_correlation_id=sent)
    assert response.headers["x-correlation-id"] == response.json() == sent


@pytest.mark.parametrize("sent", ["", "   ", "x" * (MAX_CORRELATION_ID + 1), "a\tb"])
async def test_an_invalid_correlation_id_is_replaced(issuer: Issuer, sent: str) -> None:
    response = await ask(issuer, f"/v1/telemetry/{uuid4()}", x_correlation_id=sent)
    assert response.headers["x-correlation-id"] == response.json() == str(UUID(response.json()))


async def test_a_rejection_has_a_correlation_id_too(issuer: Issuer) -> None:
    response = await ask(issuer, "/nowhere", x_correlation_id="req-1")
    assert (response.status_code, response.headers["x-correlation-id"]) == (404, "req-1")


async def test_a_request_is_measured_by_its_template(issuer: Issuer) -> None:
    thing_id = str(uuid4())
    await ask(issuer, f"/v1/telemetry/{thing_id}")
    assert measured(method="GET", route="/v1/telemetry/{thing_id}", status="200") > 0
    assert not any(thing_id in label for label in labels_seen())


async def test_a_failed_request_is_measured_as_failed(issuer: Issuer) -> None:
    await ask(issuer, f"/v1/telemetry/{UUID(int=0)}")
    assert measured(method="GET", route="/v1/telemetry/{thing_id}", status="500") > 0


@pytest.mark.parametrize(("method", "path"), [("GET", "/canary-path"), ("CANARY", "/v1"), ("CANARY", "/canary")])
async def test_an_invented_method_or_path_becomes_no_label(issuer: Issuer, method: str, path: str) -> None:
    await ask(issuer, path, method)
    assert not any("canary" in label.lower() for label in labels_seen())


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_problem_contains_its_trace_id(issuer: Issuer) -> None:
    response = await ask(issuer, "/nowhere", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert response.json()["trace_id"] == TRACE


async def test_an_unexpected_failure_has_the_trace_id_too(issuer: Issuer) -> None:
    """Its response is written outside the span."""
    traceparent = f"00-{TRACE}-00f067aa0ba902b7-01"
    response = await ask(issuer, f"/v1/telemetry/{UUID(int=0)}", traceparent=traceparent, x_correlation_id="req-1")
    assert (response.status_code, response.json()["trace_id"]) == (500, TRACE)
    assert response.headers["x-correlation-id"] == "req-1"


@pytest.mark.parametrize("traceparent", ["", "00", "00-zz-zz-01", "x" * 5_000])
async def test_an_invalid_traceparent_is_ignored(issuer: Issuer, traceparent: str) -> None:
    response = await ask(issuer, "/nowhere", traceparent=traceparent)
    assert response.status_code == 404


def test_a_batch_is_linked_to_the_requests_that_caused_its_events() -> None:
    first, second = f"00-{'ab' * 16}-{'cd' * 8}-01", f"00-{'12' * 16}-{'34' * 8}-01"
    links = links_of([first, None, second, first])
    assert [f"{link.context.trace_id:032x}" for link in links] == ["ab" * 16, "12" * 16]
    many = [f"00-{number:032x}-{'cd' * 8}-01" for number in range(1, 2 * MAX_LINKS)]
    assert len(links_of(many)) == MAX_LINKS


@pytest.fixture
def ids_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "TRACER", IdOnlyTracerProvider().get_tracer("test"))


@pytest.mark.usefixtures("ids_only")
def test_without_a_collector_a_span_has_ids_and_its_children_its_trace_id() -> None:
    with Span("outer", trace.SpanKind.SERVER) as outer:
        traceparent = current_traceparent()
        with Span("inner", trace.SpanKind.INTERNAL) as inner:
            assert inner.get_span_context().trace_id == outer.get_span_context().trace_id
            assert inner.get_span_context().span_id != outer.get_span_context().span_id
        assert current_traceparent() == traceparent
    assert current_traceparent() is None
    context = outer.get_span_context()
    assert traceparent == f"00-{context.trace_id:032x}-{context.span_id:016x}-00"
    assert context.is_valid
    assert not outer.is_recording()


@pytest.mark.usefixtures("ids_only")
def test_without_a_collector_the_callers_trace_continues() -> None:
    sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Span("request", trace.SpanKind.SERVER, W3C.extract({"traceparent": sent})):
        current = current_traceparent() or ""
    assert current.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert "b7ad6b7169203331" not in current
