"""Strict request parsing: UTF-8 JSON without duplicate keys or NaN, limited depth, strict query parameters."""

from collections.abc import Awaitable, Callable, Container, Coroutine, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from inspect import iscoroutinefunction, signature
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute

from chassis.commands.problem import ProblemError
from chassis.http.parameters import lines_of, parameters_of, refuse_repeated, refuse_unknown, require_one_line
from chassis.http.problems import pointer
from chassis.runtime.strict_json import MalformedJsonError, read_json

MAX_BODY_BYTES = 64 * 1024
# Clients use few content types. A header is at most 64 KiB long.
CONTENT_TYPES = 64
# The header that every route reads, and that has one value.
CORRELATION = {"X-Correlation-ID": False}
# The name under which FastAPI passes the request, for an endpoint that does not ask for it.
REQUEST = "request_of_this_route"


class StrictRequest(Request):
    """A request whose body is parsed as strict JSON. `early` are the values of the route's early dependencies."""

    early: dict[str, Any]

    async def json(self) -> Any:
        if not hasattr(self, "_strict_json"):
            self._strict_json = read_body(await self.body())
        return self._strict_json


class StrictRoute(APIRoute):
    """The route class of every router: passes a StrictRequest to the endpoint.

    Dependencies that need only the request, such as the policy, are resolved before the body is parsed. This also
    costs a fraction of FastAPI's general resolution. The body is read first, within its limits of size and time.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        early = early_calls(self.dependant)
        handle = self._handler_without(early)
        reads_json, reads_body = self.body_field is not None, takes_body(self)
        known = parameters_of(self.dependant, ParamTypes.query)
        known_headers = parameters_of(self.dependant, ParamTypes.header) | CORRELATION

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                names = [name for name, _ in request.query_params.multi_items()]
                refuse_unknown(names, known)
                refuse_repeated(names, known, ParamTypes.query)
            refuse_repeated(lines_of(request, known_headers), known_headers, ParamTypes.header)
            if reads_body:
                require_one_line(request.headers.getlist("content-type"), "Content-Type", "unsupported-type")
                refuse_encoded(request.headers.getlist("content-encoding"))
            strict_request = StrictRequest(request.scope, request.receive)
            is_other_type = not is_json(strict_request.headers.get("content-type", ""))
            if reads_json and await strict_request.body() and is_other_type:
                raise ProblemError("unsupported-type", "Send application/json.", "请发送 application/json。")
            strict_request.early = {name: await call(strict_request) for name, call in early.items()}
            return await handle(strict_request)

        return handle_strictly

    def _handler_without(self, early: Container[str | None]) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler of the route. It takes the `early` dependencies from the request."""
        declared = self.dependant
        rest = [need for need in declared.dependencies if need.name not in early]
        self.dependant = replace(
            declared,
            dependencies=rest,
            call=with_early(self.endpoint, declared.request_param_name),
            request_param_name=declared.request_param_name or REQUEST,
        )
        try:
            return super().get_route_handler()
        finally:
            self.dependant = declared


def early_calls(dependant: Dependant) -> dict[str, Callable[[Request], Awaitable[Any]]]:
    """Return the dependencies that are awaited with the request only, by name.

    One that another dependency needs too is left to FastAPI, which calls it once for both.
    """
    shared = {inner.call for need in dependant.dependencies for inner in inner_dependencies(need)}
    found = [need for need in dependant.dependencies if is_early(need) and need.call not in shared]
    return {str(need.name): need.call for need in found if need.call}


def inner_dependencies(dependant: Dependant) -> Iterator[Dependant]:
    for need in dependant.dependencies:
        yield need
        yield from inner_dependencies(need)


def is_early(need: Dependant) -> bool:
    """Return whether a dependency is awaited with the request as its only argument."""
    call: Any = need.call
    is_awaited = iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)
    return bool(need.name) and is_awaited and list(signature(call).parameters) == [need.request_param_name]


def with_early(endpoint: Callable[..., Awaitable[Any]], request_name: str | None) -> Callable[..., Awaitable[Any]]:
    """Return `endpoint`, called with the values of the early dependencies."""

    async def call(**values: Any) -> Any:
        request = values[request_name] if request_name else values.pop(REQUEST)
        return await endpoint(**values, **request.early)

    return call


def takes_body(route: APIRoute) -> bool:
    """Return whether a route takes a body: JSON, or what its description says, such as a file."""
    return route.body_field is not None or "requestBody" in (route.openapi_extra or {})


def refuse_encoded(encodings: Iterable[str]) -> None:
    """Raise the 415 problem for the values of Content-Encoding, unless they say that the body is not encoded."""
    named = {each.strip().lower() for line in encodings for each in line.split(",")}
    if named - {"", "identity"}:
        en, zh = "Send the body without Content-Encoding.", "请去掉 Content-Encoding，请求体不得压缩。"
        error = {"pointer": "header:Content-Encoding", "rule": "encoded", "detail": en}
        raise ProblemError("unsupported-type", en, zh, errors=[error], headers={"Accept-Encoding": "identity"})


@lru_cache(CONTENT_TYPES)
def is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def read_body(raw: bytes) -> Any:
    """Parse `raw`; raise the 400 problem if it is malformed."""
    try:
        return read_json(raw)
    except MalformedJsonError as error:
        place = None if error.place is None else pointer(("body", *error.place))
        errors = [] if place is None else [{"pointer": place, "rule": "malformed", "detail": error.en}]
        raise ProblemError("malformed-json", error.en, error.zh, errors=errors) from error
