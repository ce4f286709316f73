"""Strict query parameters and headers of a route: no unknown query parameters, none of either that occurs twice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import ParamTypes

from chassis.commands.problem import ProblemError
from chassis.http.problems import MAX_REPORTED_ERRORS


def parameters_of(dependant: Dependant, kind: ParamTypes) -> dict[str, bool]:
    """Return the names of all query parameters or headers of a route, including those of its dependencies.

    The value says whether the parameter is a list, and so may occur several times.
    """
    fields = dependant.query_params if kind is ParamTypes.query else dependant.header_params
    found = {field.alias: is_list(field.field_info.annotation) for field in fields}
    for need in dependant.dependencies:
        found |= parameters_of(need, kind)
    return found


def is_list(annotation: Any) -> bool:
    """Return whether a type is a list, or a union with one."""
    return get_origin(annotation) is list or any(map(is_list, get_args(annotation)))


def lines_of(request: Request, headers: Iterable[str]) -> list[str]:
    """Return the name of each line of those headers in the request."""
    return [name for name in headers for _ in request.headers.getlist(name)]


def refuse_unknown(names: Iterable[str], known: Mapping[str, bool]) -> None:
    """Reject unknown query parameters, because ignoring a misspelt filter would return too many rows."""
    if unknown := sorted(set(names) - set(known)):
        raise refused(
            [f"{ParamTypes.query.value}:{name}" for name in unknown],
            {"rule": "unknown", "detail": "Unknown query parameter.", "detail_zh": "此处没有这个参数。"},
            f"Known query parameters: {', '.join(sorted(known)) or 'none'}.",
            f"可用的查询参数：{'、'.join(sorted(known)) or '无'}。",
        )


def refuse_repeated(names: Iterable[str], known: Mapping[str, bool], kind: ParamTypes) -> None:
    """Reject a parameter that occurs several times and is no list, because all values but one would be ignored."""
    if found := sorted(name for name, times in Counter(names).items() if times > 1 and not known[name]):
        raise repeated("validation-failed", found, kind)


def require_one_line(lines: Sequence[str], header: str, code: str) -> None:
    """Raise the problem `code`, which an invalid value of this header gets, if the header has several lines."""
    if len(lines) > 1:
        raise repeated(code, [header], ParamTypes.header)


def repeated(code: str, names: Sequence[str], kind: ParamTypes) -> ProblemError:
    return refused(
        [f"{kind.value}:{name}" for name in names],
        {"rule": "repeated", "detail": "Must occur only once.", "detail_zh": "只能出现一次。"},
        f"Send only once: {', '.join(names)}.",
        f"只能出现一次：{'、'.join(names)}。",
        code,
    )


def refused(
    pointers: Iterable[str], texts: Mapping[str, str], en: str, zh: str, code: str = "validation-failed"
) -> ProblemError:
    """Return the problem about parameters, with the same texts for each."""
    errors = [{"pointer": pointer, **texts} for pointer in pointers]
    return ProblemError(code, en, zh, errors=errors[:MAX_REPORTED_ERRORS])
