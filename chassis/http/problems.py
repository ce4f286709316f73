"""Turns errors into RFC 9457 problem documents with stable codes, in English and Chinese."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import asyncpg
import structlog
from eventsourcing.persistence import MapperDeserialisationError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.commands.decider import ForbiddenError, GoneError, MovedError, RejectedError
from chassis.commands.problem import CATALOGUE, ProblemError
from chassis.commands.result import ConflictError, KeyReusedError, VersionMismatchError
from chassis.http.field_errors import invalid_field, without_consequences, without_tags
from chassis.postgres.database import UNAVAILABLE, ClockError
from chassis.store.append import EventTooLargeError
from chassis.store.group_commit import OverloadedError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
MAX_REPORTED_ERRORS = 20

BY_STATUS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-type"}
RETRYABLE = frozenset(
    {"request-timeout", "conflict", "too-many-streams", "unavailable", "overloaded", "timed-out", "internal"}
)

WRONG_CLOCK = (
    "A clock of the service or of its database is wrong. Nothing is recorded until it is right.",
    "本服务或其数据库的时钟有误，校正之前不会记录任何数据。",
)

STOPPING = (
    "This process of the service stops, and the request was not finished in time. Send it again.",
    "本服务进程正在停止，未能及时完成请求，请重新发送。",
)

UNREADABLE = (
    "A newer version of this service has changed this record. This version cannot read it.",
    "该记录已由本服务的更新版本修改，当前版本无法读取。",
)


KNOWN = (
    ConflictError,
    KeyReusedError,
    VersionMismatchError,
    EventTooLargeError,
    OverloadedError,
    MapperDeserialisationError,
    asyncpg.DataError,
    *UNAVAILABLE,
)
# The errors of a command that `answer_error` answers.
ANSWERED = (HTTPException, RequestValidationError, RejectedError, *KNOWN)


def install(app: FastAPI) -> None:
    """Register a handler for every error a route may raise."""
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_validation)
    app.add_exception_handler(RejectedError, answer_rejected)
    for kind in KNOWN:
        app.add_exception_handler(kind, answer_known)
    app.add_exception_handler(ClientDisconnect, answer_disconnected)
    app.add_exception_handler(Exception, answer_unexpected)


async def answer_error(request: Request, error: Exception) -> Response:
    """Return the problem for one of ANSWERED, for a request with several commands."""
    if isinstance(error, HTTPException):
        return await answer_http(request, error)
    if isinstance(error, RequestValidationError):
        return await answer_validation(request, error)
    return await (answer_rejected if isinstance(error, RejectedError) else answer_known)(request, error)


async def answer_http(request: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return problem(request, error.code, error.en, error.zh, errors=error.errors, headers=error.headers)
    if not isinstance(error, HTTPException):
        raise error
    code = BY_STATUS.get(error.status_code, "bad-request")
    return problem(request, code, "", "", status=error.status_code, headers=error.headers)


async def answer_validation(request: Request, error: Exception) -> Response:
    """Return a problem that names each invalid field and the rule it breaks; the values are never repeated."""
    found, sent = (error.errors(), error.body) if isinstance(error, RequestValidationError) else ((), None)
    errors = [
        {
            "pointer": pointer(without_tags(each.location, {"body": sent})),
            "rule": each.rule,
            "detail": each.en,
            "detail_zh": each.zh,
        }
        for each in map(invalid_field, without_consequences(found))
    ]
    return problem(
        request,
        "validation-failed",
        f"Invalid fields: {len(errors)}.",
        f"{len(errors)} 个字段无效。",
        errors=errors[:MAX_REPORTED_ERRORS],
    )


async def answer_rejected(request: Request, error: Exception) -> Response:
    if not isinstance(error, RejectedError):
        raise error
    if isinstance(error, MovedError):
        return answer_moved(request, error)
    place = {"pointer": pointer(("body", *error.place)), "rule": error.code}
    errors = [place | {"detail": error.en, "detail_zh": error.zh}] if error.place else []
    return problem(request, kind_of(error), error.en, error.zh, errors=errors, code_override=error.code)


def kind_of(error: RejectedError) -> str:
    """Return the code of the catalogue whose status and title a rejection has."""
    match error:
        case GoneError():
            return "gone"
        case ForbiddenError():
            return "forbidden"
        case _:
            return "rejected"


def answer_moved(request: Request, error: MovedError) -> Response:
    """Return the problem that names the id and the address of the surviving customer."""
    old_id = request.path_params.get("customer_id", "")
    # Without a host: the Host header is set by the caller or by a proxy.
    address = request.url.path.replace(str(old_id), str(error.canonical_id), 1)
    headers = {"Link": f'<{address}>; rel="canonical"'}
    extra_fields = {"canonical_id": str(error.canonical_id)}
    return problem(request, "moved", error.en, error.zh, headers=headers, extra_fields=extra_fields)


async def answer_known(request: Request, error: Exception) -> Response:
    match error:
        case VersionMismatchError():
            en, zh = f"The current version is {error.actual}.", f"当前版本为 {error.actual}。"
            return problem(request, "version-mismatch", en, zh)
        case KeyReusedError():
            return problem(request, "key-reused", "", "")
        case ConflictError():
            return problem(request, "conflict", "", "")
        case EventTooLargeError():
            return problem(request, "too-large", str(error), "内容超过限制。")
        case asyncpg.DataError():
            # Validation should have rejected the value. The statement had no effect.
            structlog.get_logger().warning("http.unstorable", reason=type(error).__name__)
            return problem(request, "bad-request", "A value cannot be stored.", "某个值无法存储。")
        case MapperDeserialisationError():
            structlog.get_logger().error("http.unreadable", reason=str(error))
            return problem(request, "unavailable", *UNREADABLE, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        case ClockError():
            structlog.get_logger().error("http.clock", reason=str(error))
            return problem(request, "unavailable", *WRONG_CLOCK, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        case _:
            structlog.get_logger().warning("http.unavailable", reason=type(error).__name__)
            return problem(request, "unavailable", "", "", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def overloaded(request: Request) -> Response:
    return problem(request, "overloaded", "", "", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def stopping(request: Request) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS), "Connection": "close"}
    return problem(request, "unavailable", *STOPPING, headers=headers)


async def answer_disconnected(request: Request, _error: Exception) -> Response:
    """Return a response for the log only: the connection ended before the whole body was received."""
    return problem(request, "request-timeout", "", "")


async def answer_unexpected(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("http.unexpected", error=type(error).__name__, exc_info=error)
    # This response does not pass the middleware that sets the correlation id on all others. The server closes the
    # connection after it: a client that was not told would lose its next request.
    headers = {"X-Correlation-Id": request.state.correlation_id, "Connection": "close"}
    return problem(request, "internal", "", "", headers=headers)


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
    extra_fields: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem document in the language that the caller prefers."""
    chinese = prefers_chinese(request.headers.get("accept-language", ""))
    # The path is decoded; `instance` is a URI reference.
    instance = quote(request.url.path, safe="/:@", errors="replace")
    answer = document(code, instance, request.state.trace_id, en, zh, chinese=chinese)
    status = status or answer["status"]
    answer |= {"status": status, "code": code_override or code, **(extra_fields or {})}
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
    """Return one field error in the caller's language; `en` and `zh` are the problem's, which it may repeat."""
    detail_zh = error.get("detail_zh", zh if error["detail"] == en else error["detail"])
    other_fields = {name: value for name, value in error.items() if name != "detail_zh"}
    return other_fields | {"detail": detail_zh if chinese else error["detail"]}


def pointer(location: Sequence[int | str]) -> str:
    """Return where a field is: a JSON Pointer into the body, or for example `query:name` elsewhere in the request."""
    part_of_request, *rest = [str(part) for part in location]
    if part_of_request != "body":
        return f"{part_of_request}:{'/'.join(rest)}"
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in rest)


def prefers_chinese(accept_language: str) -> bool:
    return accept_language.strip().lower().startswith("zh")
