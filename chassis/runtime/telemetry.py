"""Logs, traces and request metrics: set up once, and one pure ASGI middleware."""

import logging
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
import uuid_utils
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.runtime import failure, metrics
from chassis.runtime.crash import crash_point
from chassis.runtime.settings import Settings

MAX_CORRELATION_ID = 64
MAX_LINKS = 32
TRACER = trace.get_tracer("care")
# What events carry and topics tell, whatever else a process is set up to read.
W3C = TraceContextTextMapPropagator()
IDS = RandomIdGenerator()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def set_up(service: str, settings: Settings) -> None:
    """Log JSON to stdout and send spans where CARE_OTLP_ENDPOINT says, if anywhere."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    log_libraries_alike()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            add_trace,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(failure.trace_of),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    trace.set_tracer_provider(collected(service, settings.otlp_endpoint) if settings.otlp_endpoint else IdsOnly())


def collected(service: str, endpoint: str) -> TracerProvider:
    """Return what sends spans to `endpoint`."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"care-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class IdsOnly(trace.NoOpTracerProvider):
    """For a process without a collector: nobody reads its spans, but logs, events and answers need their ids."""

    def get_tracer(self, *_args: Any, **_named: Any) -> trace.Tracer:
        return TracerOfIds()


class TracerOfIds(trace.NoOpTracer):
    """Makes spans that have ids and nothing else."""

    def start_span(self, name: str, context: Context | None = None, *_args: Any, **_named: Any) -> trace.Span:  # noqa: ARG002
        """Return a span within that of `context`, or with a trace of its own."""
        parent = trace.get_current_span(context).get_span_context()
        trace_id = parent.trace_id if parent.is_valid else IDS.generate_trace_id()
        return trace.NonRecordingSpan(trace.SpanContext(trace_id, IDS.generate_span_id(), is_remote=False))


def log_libraries_alike() -> None:
    """Let what libraries log through the standard library come out as JSON too."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(failure.trace_of),
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.setLogRecordFactory(WordlessRecord)


class WordlessRecord(logging.LogRecord):
    """Brings its traceback ready made: the server and others have handlers of their own, which would tell all."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.exc_info and self.exc_info[1]:
            self.exc_text = failure.trace_of(self.exc_info)


def add_trace(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = f"{span.trace_id:032x}"
    return event


def current_traceparent() -> str | None:
    span = trace.get_current_span().get_span_context()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}" if span.is_valid else None


class Telemetry:
    """Per request: a span, a correlation id that is echoed, and the time taken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        correlation_id = correlation_of(headers)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        # Anything may stand where the method does, and each new word would be a new time series.
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        started_at = time.perf_counter()
        status = 500

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", correlation_id.encode("latin-1"))]
            await send(message)
            if message["type"] == "http.response.start":
                crash_point("response.after-head")

        try:
            with Span(method, trace.SpanKind.SERVER, W3C.extract(headers)) as span:
                # An unexpected error is answered outside of here, and its answer needs this most.
                scope["state"]["trace_id"] = f"{span.get_span_context().trace_id:032x}"
                await self._app(scope, receive, send_marked)
                span.update_name(f"{method} {template_of(scope)}")
        finally:
            took = time.perf_counter() - started_at
            metrics.series(metrics.REQUESTS, method, template_of(scope), status).observe(took)


class Span:
    """Opens a span for a block; if the block fails, the span says so without the words of the error.

    The library's own way of doing so goes through four generators, which a request feels.
    """

    def __init__(
        self, name: str, kind: trace.SpanKind, parent: Context | None = None, links: Sequence[trace.Link] = ()
    ) -> None:
        self._span = TRACER.start_span(name, parent, kind, links=links)

    def __enter__(self) -> trace.Span:
        self._token = otel_context.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Exception):
            self._span.set_status(trace.StatusCode.ERROR, failure.sentence_of(error))
        self._span.end()
        otel_context.detach(self._token)


def links_of(traceparents: Iterable[str | None]) -> list[trace.Link]:
    """Return links to the requests that a batch of events came from, up to MAX_LINKS."""
    known = list(dict.fromkeys(parent for parent in traceparents if parent))[:MAX_LINKS]
    contexts = (trace.get_current_span(W3C.extract({"traceparent": parent})) for parent in known)
    return [trace.Link(span.get_span_context()) for span in contexts]


def correlation_of(headers: Mapping[str, str]) -> str:
    given = headers.get("x-correlation-id", "")
    acceptable = 0 < len(given) <= MAX_CORRELATION_ID and given.isascii() and given.isprintable() and given.strip()
    return given if acceptable else str(uuid_utils.uuid4())


def template_of(scope: Scope) -> str:
    """Return the route's template, never the path with its ids."""
    return getattr(scope.get("route"), "path", "unmatched")
