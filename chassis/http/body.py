"""What comes in is read strictly: JSON in UTF-8 without duplicate keys or NaN, bounded depth, no unknown queries."""

import json
import math
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.commands.problem import ProblemError
from chassis.http.problems import MAX_REPORTED_ERRORS

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 100


class StrictRequest(Request):
    """A request whose body is read by `read_json` and nothing else."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict_json"):
            self._strict_json = read_json(await self.body())
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


def read_json(raw: bytes) -> Any:
    """Parse `raw`, or raise ProblemError saying what is wrong with it."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed("The body is not UTF-8.", "请求体不是 UTF-8 编码。") from error
    if depth_of(text) > MAX_DEPTH:
        raise malformed(f"The body nests deeper than {MAX_DEPTH}.", f"请求体嵌套超过 {MAX_DEPTH} 层。")
    try:
        return STRICT.decode(text)
    except json.JSONDecodeError as error:
        raise malformed(
            f"Not JSON: {error.msg} at character {error.pos}.", f"第 {error.pos} 个字符处不是合法的 JSON。"
        ) from error


def malformed(en: str, zh: str) -> ProblemError:
    return ProblemError("malformed-json", en, zh)


def depth_of(text: str) -> int:
    """Return how deep brackets nest outside strings. Bodies with few brackets are not scanned."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif in_string:
            escaped, in_string = character == "\\", character != '"'
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("A name stands twice in one object.", "同一对象中出现重复的字段名。")
    return found


def refuse_constant(name: str) -> None:
    raise malformed(f"{name} is not JSON.", f"{name} 不是合法的 JSON。")


def finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise malformed("A number is too large.", "数值过大。")
    return number


def short_integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise malformed("A number has too many digits.", "数字位数过多。")
    return int(text)


STRICT = json.JSONDecoder(
    object_pairs_hook=without_duplicates,
    parse_constant=refuse_constant,
    parse_float=finite,
    parse_int=short_integer,
)
