"""The one place that turns errors into HTTP: RFC 9457 problem documents with stable codes, in two languages."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.commands.decider import GoneError, MovedError, RejectedError
from chassis.commands.problem import CATALOGUE, ProblemError
from chassis.commands.result import ConflictError, KeyReusedError, VersionMismatchError
from chassis.http.field_errors import fault_of
from chassis.postgres.database import UNAVAILABLE
from chassis.store.append import EventTooLargeError
from chassis.store.group_commit import OverloadedError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
MAX_REPORTED_ERRORS = 20

BY_STATUS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-type"}
RETRYABLE = frozenset({"request-timeout", "conflict", "unavailable", "overloaded", "timed-out", "internal"})


def install(app: FastAPI) -> None:
    """Register a handler for every error a route may raise."""
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_validation)
    app.add_exception_handler(RejectedError, answer_rejected)
    for kind in (
        ConflictError,
        KeyReusedError,
        VersionMismatchError,
        EventTooLargeError,
        OverloadedError,
        asyncpg.DataError,
        *UNAVAILABLE,
    ):
        app.add_exception_handler(kind, answer_known)
    app.add_exception_handler(ClientDisconnect, answer_who_left)
    app.add_exception_handler(Exception, answer_unexpected)


async def answer_http(request: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return problem(request, error.code, error.en, error.zh, errors=error.errors, headers=error.headers)
    if not isinstance(error, HTTPException):
        raise error
    code = BY_STATUS.get(error.status_code, "bad-request")
    return problem(request, code, "", "", status=error.status_code, headers=error.headers)


async def answer_validation(request: Request, error: Exception) -> Response:
    """Name each field by JSON Pointer and the rule it breaks; never repeat what was sent."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    errors = [
        {"pointer": pointer(fault.place), "rule": fault.rule, "detail": fault.en, "detail_zh": fault.zh}
        for fault in map(fault_of, found)
    ]
    return problem(
        request,
        "validation-failed",
        f"Fields that do not fit: {len(errors)}.",
        f"{len(errors)} 个字段不符合要求。",
        errors=errors[:MAX_REPORTED_ERRORS],
    )


async def answer_rejected(request: Request, error: Exception) -> Response:
    if not isinstance(error, RejectedError):
        raise error
    if isinstance(error, MovedError):
        return moved(request, error)
    code = "gone" if isinstance(error, GoneError) else "rejected"
    return problem(request, code, error.en, error.zh, code_override=error.code)


def moved(request: Request, error: MovedError) -> Response:
    """Say under which id it goes on, and at which address."""
    old_id = request.path_params.get("customer_id", "")
    # Without a host: the one that was asked for is the caller's own word, or that of a proxy in between.
    address = request.url.path.replace(str(old_id), str(error.canonical_id), 1)
    headers = {"Link": f'<{address}>; rel="canonical"'}
    beside = {"canonical_id": str(error.canonical_id)}
    return problem(request, "moved", error.en, error.zh, headers=headers, beside=beside)


async def answer_known(request: Request, error: Exception) -> Response:
    match error:
        case VersionMismatchError():
            en, zh = f"Its version is now {error.actual}.", f"当前版本为 {error.actual}。"
            return problem(request, "version-mismatch", en, zh)
        case KeyReusedError():
            return problem(request, "key-reused", "", "")
        case ConflictError():
            return problem(request, "conflict", "", "")
        case EventTooLargeError():
            return problem(request, "too-large", str(error), "内容超过限制。")
        case asyncpg.DataError():
            # The edge should have refused it; the statement had no effect all the same.
            structlog.get_logger().warning("http.unstorable", reason=type(error).__name__)
            return problem(request, "bad-request", "A value cannot be stored.", "某个值无法存储。")
        case _:
            structlog.get_logger().warning("http.unavailable", reason=type(error).__name__)
            return problem(request, "unavailable", "", "", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def overloaded(request: Request) -> Response:
    return problem(request, "overloaded", "", "", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


async def answer_who_left(request: Request, _error: Exception) -> Response:
    """Nobody reads this: whoever asked has gone, or was told to, before the body had come."""
    return problem(request, "request-timeout", "", "")


async def answer_unexpected(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("http.unexpected", error=type(error).__name__, exc_info=error)
    # This answer goes out past the middleware that marks all others.
    return problem(request, "internal", "", "", headers={"X-Correlation-Id": request.state.correlation_id})


def problem(
    request: Request,
    code: str,
    en: str,
    zh: str,
    *,
    status: int | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    code_override: str | None = None,
    beside: Mapping[str, str] | None = None,
) -> Response:
    """Answer with the document, in the language the caller prefers."""
    chinese = prefers_chinese(request.headers.get("accept-language", ""))
    answer = document(code, request.url.path, request.state.trace_id, en, zh, chinese=chinese)
    status = status or answer["status"]
    answer |= {"status": status, "code": code_override or code, **(beside or {})}
    if errors:
        answer["errors"] = [in_language(each, en, zh, chinese=chinese) for each in errors]
    # A lone surrogate in a field's name cannot be encoded; escaped, it is still valid JSON.
    content = json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(content, status, dict(headers or {}), MEDIA_TYPE)


def document(code: str, path: str, trace_id: str, en: str = "", zh: str = "", *, chinese: bool) -> dict[str, Any]:
    """Build the document; `code` is the same in every language."""
    status, title_en, title_zh = CATALOGUE[code]
    title = title_zh if chinese else title_en
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": (zh if chinese else en) or title,
        "instance": path,
        "code": code,
        "retryable": code in RETRYABLE,
        "trace_id": trace_id,
    }


def in_language(error: Mapping[str, Any], en: str, zh: str, *, chinese: bool) -> dict[str, Any]:
    """Return one of the errors in the caller's language; one that repeats the whole problem's sentence follows that."""
    said_zh = error.get("detail_zh", zh if error["detail"] == en else error["detail"])
    shown = {name: value for name, value in error.items() if name != "detail_zh"}
    return shown | {"detail": said_zh if chinese else error["detail"]}


def pointer(location: Sequence[int | str]) -> str:
    """Return where the fault lies: a JSON Pointer for the body, `query:name` and the like for the rest."""
    place, *rest = [str(part) for part in location]
    if place != "body":
        return f"{place}:{'/'.join(rest)}"
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in rest) or "/"


def prefers_chinese(accept_language: str) -> bool:
    return accept_language.strip().lower().startswith("zh")
