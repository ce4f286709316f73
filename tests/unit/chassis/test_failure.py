"""Descriptions of exceptions contain type and place, and no personal data."""

import io
import json
import logging
from collections.abc import Iterator

import asyncpg
import httpx
import pytest
import structlog
from aiokafka.errors import KafkaConnectionError
from fastapi import APIRouter, Depends, FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import TypeAdapter, ValidationError

from chassis.consume.gap_detector import GapFoundError
from chassis.http.access import Allow
from chassis.runtime import telemetry, tracing
from chassis.runtime.failure import MAX_CHAIN, describe_error, format_traceback
from chassis.service import server_config
from tests.unit.chassis.issuer import SETTINGS, Issuer, app_of, client_of

CANARY = "canary-4711"


def duplicate() -> asyncpg.UniqueViolationError:
    error = asyncpg.UniqueViolationError(f"duplicate {CANARY}")
    error.detail, error.constraint_name = f"Key (name)=({CANARY}) already exists.", "customer_name_key"
    return error


def unfit() -> ValidationError:
    try:
        TypeAdapter(int).validate_python(CANARY)
    except ValidationError as error:
        return error
    raise AssertionError


def raised(error: BaseException) -> BaseException:
    """Return the error after it was raised from another one."""

    def fail() -> None:
        raise error from KeyError(CANARY)

    with pytest.raises(type(error)):
        fail()
    return error


def traced(error: BaseException) -> str:
    return format_traceback((type(error), error, error.__traceback__))


@pytest.mark.parametrize("error", [duplicate(), unfit(), ValueError(CANARY), ExceptionGroup(CANARY, [duplicate()])])
def test_neither_description_nor_traceback_contains_the_message(error: Exception) -> None:
    assert CANARY in str(error)
    assert CANARY not in describe_error(error)
    text = traced(raised(error))
    assert CANARY not in text
    assert type(error).__name__ in text
    assert "KeyError\n" in text
    assert "test_failure.py" in text


def test_a_database_error_is_described_by_code_and_constraint() -> None:
    assert describe_error(duplicate()) == "UniqueViolationError 23505 customer_name_key"


@pytest.mark.parametrize("error", [OSError("no route"), KafkaConnectionError("no route"), GapFoundError("no route")])
def test_an_error_that_names_hosts_and_topics_is_described_in_full(error: Exception) -> None:
    assert describe_error(error).endswith("no route")


def test_each_error_of_a_group_is_described() -> None:
    text = traced(ExceptionGroup("two", [ValueError(CANARY), GapFoundError("no route")]))
    assert "ValueError" in text
    assert "GapFoundError: no route" in text


def test_a_cyclic_chain_of_causes_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert traced(first).count("which led to") == MAX_CHAIN


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Capture what a service and its server log; afterwards restore the configuration."""
    out, server = io.StringIO(), logging.getLogger("uvicorn")
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}", out)
    monkeypatch.setattr("opentelemetry.trace.set_tracer_provider", lambda _provider: None)
    before, factory, level = structlog.get_config(), logging.getLogRecordFactory(), logging.root.level
    handlers, of_server, propagate = logging.root.handlers[:], server.handlers[:], server.propagate
    telemetry.set_up("test", SETTINGS)
    server_config(FastAPI(), SETTINGS)
    yield out
    structlog.configure(**before)
    structlog.contextvars.unbind_contextvars("service")
    logging.setLogRecordFactory(factory)
    logging.root.handlers[:], logging.root.level = handlers, level
    server.handlers[:], server.propagate = of_server, propagate


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "TRACER", provider.get_tracer("test"))
    return exporter


async def fail_with(error: Exception, issuer: Issuer) -> httpx.Response:
    router = APIRouter(prefix="/v1")

    @router.get("/things", dependencies=[Depends(Allow())])
    async def fail() -> None:
        raise raised(error)

    async with client_of(app_of(router)) as client:
        return await client.get("/v1/things", headers=issuer.headers())


async def test_a_failed_request_leaves_no_personal_data_in_the_logs(issuer: Issuer, logged: io.StringIO) -> None:
    assert (await fail_with(duplicate(), issuer)).status_code == 500
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=raised(duplicate()))
    logging.getLogger("library").error("Failed", exc_info=raised(duplicate()))
    written = logged.getvalue()
    assert CANARY not in written
    assert written.count("UniqueViolationError 23505 customer_name_key") == 3
    assert {json.loads(line)["event"] for line in written.splitlines() if line[0] == "{"} == {
        "http.unexpected",
        "Failed",
    }


async def test_a_failed_request_leaves_no_personal_data_in_its_span(
    issuer: Issuer, spans: InMemorySpanExporter
) -> None:
    await fail_with(duplicate(), issuer)
    (span,) = spans.get_finished_spans()
    assert span.status.description == "UniqueViolationError 23505 customer_name_key"
    assert CANARY not in span.to_json()
