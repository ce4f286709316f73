"""The problem for a request that is not valid HTTP/1.1. The server answers it, because no application gets it."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request, Response
from opentelemetry import trace

from chassis.http.problems import problem
from chassis.runtime.telemetry import correlation_of
from chassis.runtime.tracing import W3C, Span

SPAN: Final = "unreadable"
# Of a request whose head cannot be read, nothing is known. nginx answers it with the same instance and language.
NO_HEAD: Final[Mapping[str, Any]] = {"type": "http", "path": "/", "headers": []}
INVALID_HEAD: Final = ("The request line or a header is not valid HTTP/1.1.", "请求行或请求头不符合 HTTP/1.1。")
INVALID_BODY: Final = ("A chunk of the body is not valid HTTP/1.1.", "请求体的分块不符合 HTTP/1.1。")


def invalid_head() -> Response:
    return refused(NO_HEAD, "bad-request", INVALID_HEAD)


def invalid_body(scope: Mapping[str, Any]) -> Response:
    """Return the problem for a body that cannot be read, of a request with the head of `scope`."""
    return refused(scope, "bad-request", INVALID_BODY)


def head_too_large(limit_bytes: int) -> Response:
    kibibytes = limit_bytes // 1024
    en = f"The request line and the headers together have more than {kibibytes} KiB."
    return refused(NO_HEAD, "head-too-large", (en, f"请求行与请求头合计超过 {kibibytes} KiB。"))


def refused(scope: Mapping[str, Any], code: str, texts: tuple[str, str]) -> Response:
    request = Request({**scope, "state": dict(scope.get("state", {}))})
    with Span(SPAN, trace.SpanKind.SERVER, W3C.extract(request.headers)) as span:
        # The application may have begun with the request, in a span of its own.
        request.scope["state"].setdefault("trace_id", f"{span.get_span_context().trace_id:032x}")
        headers = {"X-Correlation-ID": correlation_of(request.headers), "Connection": "close"}
        return problem(request, code, *texts, headers=headers)
