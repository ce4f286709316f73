"""Telemetry of a service: sets up logs and traces, and an ASGI middleware with a span and metrics per request."""

import logging
import time
from collections.abc import Mapping

import uuid_utils
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.runtime import metrics
from chassis.runtime.crash import crash_point
from chassis.runtime.header_lines import read_headers
from chassis.runtime.logs import configure_logs
from chassis.runtime.settings import Settings
from chassis.runtime.tracing import W3C, Span, configure_traces

MAX_CORRELATION_ID = 64
# The headers that are read here.
NAMES = {b"x-correlation-id": "x-correlation-id", b"traceparent": "traceparent", b"tracestate": "tracestate"}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def set_up(service: str, settings: Settings) -> None:
    """Log JSON to stdout, and export spans to CARE_OTLP_ENDPOINT if it is set."""
    configure_logs(service, logging.getLevelNamesMapping()[settings.log_level])
    configure_traces(service, settings.otlp_endpoint)


class Telemetry:
    """ASGI middleware. Per request: a span, a correlation id that is echoed, and the duration as a metric."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = read_headers(scope["headers"], NAMES)
        correlation_id = correlation_of(headers)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        # A client can send any text as the method, and each new value would create a new time series.
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        started_at = time.perf_counter()
        status = 500

        async def send_with_correlation_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", correlation_id.encode("latin-1"))]
            await send(message)
            if message["type"] == "http.response.start":
                crash_point("response.after-head")

        try:
            parent = W3C.extract(headers) if headers else None
            with Span(method, trace.SpanKind.SERVER, parent) as span:
                # The response to an unexpected error is written outside this middleware and must contain the trace id.
                scope["state"]["trace_id"] = f"{span.get_span_context().trace_id:032x}"
                await self._app(scope, receive, send_with_correlation_id)
                span.update_name(f"{method} {template_of(scope)}")
        finally:
            seconds = time.perf_counter() - started_at
            metrics.series(metrics.REQUESTS, method, template_of(scope), status).observe(seconds)


def correlation_of(headers: Mapping[str, str]) -> str:
    """Return the client's correlation id if it is short and printable ASCII, else a new one."""
    received = headers.get("x-correlation-id", "")
    is_short = 0 < len(received) <= MAX_CORRELATION_ID
    is_valid = is_short and received.isascii() and received.isprintable() and received.strip()
    return received if is_valid else str(uuid_utils.uuid4())


def template_of(scope: Scope) -> str:
    """Return the template of the matched route, never the path with its ids."""
    return getattr(scope.get("route"), "path", "unmatched")
