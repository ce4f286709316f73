"""Strict request parsing: UTF-8 JSON without duplicate keys or NaN, limited depth, no unknown query parameters."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.commands.problem import ProblemError
from chassis.http.problems import MAX_REPORTED_ERRORS
from chassis.runtime.strict_json import MalformedJsonError, read_json

MAX_BODY_BYTES = 64 * 1024


class StrictRequest(Request):
    """A request whose body is parsed as strict JSON."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict_json"):
            self._strict_json = read_body(await self.body())
        return self._strict_json


class StrictRoute(APIRoute):
    """The route class of every router: passes a StrictRequest to the endpoint."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        reads_json = self.body_field is not None
        known = query_names(self.dependant)

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                refuse_unknown(request.query_params.keys(), known)
            strict_request = StrictRequest(request.scope, request.receive)
            is_other_type = not is_json(strict_request.headers.get("content-type", ""))
            if reads_json and is_other_type and await strict_request.body():
                raise ProblemError("unsupported-type", "Send application/json.", "请发送 application/json。")
            return await handle(strict_request)

        return handle_strictly


def is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def query_names(dependant: Dependant) -> set[str]:
    """Return the names of all query parameters of a route, including those of its dependencies."""
    inner = (query_names(need) for need in dependant.dependencies)
    return {field.alias for field in dependant.query_params}.union(*inner)


def refuse_unknown(names: Iterable[str], known: set[str]) -> None:
    """Reject unknown query parameters, because ignoring a misspelt filter would return too many rows."""
    unknown = sorted(set(names) - known)
    if unknown:
        texts = {"rule": "unknown", "detail": "Unknown query parameter.", "detail_zh": "此处没有这个参数。"}
        errors = [{"pointer": f"query:{name}", **texts} for name in unknown]
        raise ProblemError(
            "validation-failed",
            f"Known query parameters: {', '.join(sorted(known)) or 'none'}.",
            f"可用的查询参数：{'、'.join(sorted(known)) or '无'}。",
            errors=errors[:MAX_REPORTED_ERRORS],
        )


def read_body(raw: bytes) -> Any:
    """Parse `raw`; raise the 400 problem if it is malformed."""
    try:
        return read_json(raw)
    except MalformedJsonError as error:
        raise ProblemError("malformed-json", error.en, error.zh) from error
