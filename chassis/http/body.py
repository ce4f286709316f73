"""What comes in is read strictly: JSON in UTF-8 without duplicate keys or NaN, bounded depth, no unknown queries."""

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
    """A request whose body is read as strict JSON and nothing else."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict_json"):
            self._strict_json = read_body(await self.body())
        return self._strict_json


class StrictRoute(APIRoute):
    """The route class of every router: hands its endpoint a StrictRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        reads_json = self.body_field is not None
        known = query_names(self.dependant)

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                refuse_unknown(request.query_params.keys(), known)
            asked = StrictRequest(request.scope, request.receive)
            if reads_json and not is_json(asked.headers.get("content-type", "")) and await asked.body():
                raise ProblemError("unsupported-type", "Send application/json.", "请发送 application/json。")
            return await handle(asked)

        return strict


def is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def query_names(dependant: Dependant) -> set[str]:
    """Return the names of all query parameters of a route, its dependencies' included."""
    inner = (query_names(need) for need in dependant.dependencies)
    return {field.alias for field in dependant.query_params}.union(*inner)


def refuse_unknown(given: Iterable[str], known: set[str]) -> None:
    """A misspelt filter would silently widen a list: refuse it by name."""
    strange = sorted(set(given) - known)
    if strange:
        said = {"rule": "unknown", "detail": "This is not offered here.", "detail_zh": "此处没有这个参数。"}
        errors = [{"pointer": f"query:{name}", **said} for name in strange]
        raise ProblemError(
            "validation-failed",
            f"Known query parameters are: {', '.join(sorted(known)) or 'none'}.",
            f"可用的查询参数：{'、'.join(sorted(known)) or '无'}。",
            errors=errors[:MAX_REPORTED_ERRORS],
        )


def read_body(raw: bytes) -> Any:
    """Parse `raw`, or raise the 400 problem that says what is wrong with it."""
    try:
        return read_json(raw)
    except MalformedJsonError as error:
        raise ProblemError("malformed-json", error.en, error.zh) from error
