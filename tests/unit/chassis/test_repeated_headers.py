"""Request headers that are sent twice: one that has a single value is refused, as an invalid value of it would be."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel

from chassis.http import access
from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.runtime import telemetry
from tests.unit.chassis.issuer import Issuer, app_of, client_of

ROOT = Path(__file__).parents[3]
OK = 200
TRACE_ID = "23bf89c96c8e873ef65657cfe82c9451"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
# Header: two lines, the status, the place that the problem names, and why.
TWICE: dict[str, tuple[str, str, int, str | None]] = {
    # 401 names no place. Two tokens are none that is valid.
    "authorization": ("", "", 401, None),
    "idempotency-key": ("a", "b", 400, "header:Idempotency-Key"),
    "content-type": ("application/json", "application/json", 415, "header:Content-Type"),
    # An invalid id is replaced. Two are refused: each belongs to something of the caller.
    "x-correlation-id": ("a", "b", 422, "header:X-Correlation-ID"),
    "last-event-id": ("1", "2", 422, "header:Last-Event-ID"),
    # A list by RFC 9110, of which one entry is supported. `detail` names the header.
    "if-match": ('"1"', '"1"', 400, None),
    # A list of codings. Each must be `identity`.
    "content-encoding": ("identity", "gzip", 415, "header:Content-Encoding"),
    # A list of languages. The first counts.
    "accept-language": ("zh", "en", OK, None),
    # W3C: an invalid one is ignored, and the entries of several lines of tracestate are one list.
    "traceparent": (PARENT, PARENT, OK, None),
    "tracestate": ("a=1", "b=2", OK, None),
}
# The server refuses a request with two that differ: see test_unreadable.py.
OF_THE_SERVER = "content-length"
router = APIRouter(route_class=StrictRoute)


class Thing(BaseModel):
    name: str


@router.post("/things")
async def add(
    _caller: Annotated[Caller, Depends(Allow())],
    thing: Thing,
    _last: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> str:
    return thing.name


def headers_read(path: Path) -> Iterator[str]:
    """Yield the names of the request headers that a module reads."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="headers"), attr="get" | "getlist"),
                args=[ast.Constant(value=str() as name), *_],
            ):
                yield name.lower()
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="headers"), attr="get"),
                args=[ast.Constant(value=bytes() as raw), *_],
            ):
                yield raw.decode()
            case ast.Call(func=ast.Name(id="Header"), args=[], keywords=keywords):
                yield from (ast.literal_eval(each.value).lower() for each in keywords if each.arg == "alias")
            case _:
                pass


def test_the_table_has_every_header_that_is_read() -> None:
    modules = [path for folder in ("chassis", "services") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in modules for name in headers_read(path)}
    read |= {*access.HEADERS.values(), *telemetry.NAMES.values()}
    assert read == {*TWICE, OF_THE_SERVER}


@pytest.mark.parametrize("name", TWICE)
async def test_a_header_that_has_one_value_is_refused_if_it_is_sent_twice(issuer: Issuer, name: str) -> None:
    first, second, status, place = TWICE[name]
    sent: dict[str, str] = {**issuer.headers(), "Content-Type": "application/json", "Accept-Language": "en"}
    once = [(key, value) for key, value in sent.items() if key.lower() != name]
    twice = [(name, first), (name, second)] if first else [(name, sent["Authorization"])] * 2
    async with client_of(app_of(router)) as client:
        response = await client.post("/things", content=b'{"name": "A"}', headers=[*once, *twice])
        single = await client.post("/things", content=b'{"name": "A"}', headers=[*once, twice[0]])
    assert (response.status_code, single.status_code) == (status, OK)
    document = {} if status == OK else response.json()
    assert [error["pointer"] for error in document.get("errors", ())] == ([place] if place else [])
    if status in {400, 415, 422}:
        assert name in document["detail"].lower()


async def test_of_two_parents_none_is_continued_and_the_lines_of_the_state_are_one_list(issuer: Issuer) -> None:
    async with client_of(app_of()) as client:
        one = await client.get("/nowhere", headers=[("traceparent", PARENT)])
        two = await client.get("/nowhere", headers=[("traceparent", PARENT), ("traceparent", PARENT)])
    assert issuer.published
    assert one.json()["trace_id"] == TRACE_ID
    assert two.json()["trace_id"] != TRACE_ID


async def test_a_route_without_a_body_reads_no_content_type(issuer: Issuer) -> None:
    plain = APIRouter(route_class=StrictRoute)

    @plain.get("/things")
    async def read(_caller: Annotated[Caller, Depends(Allow())]) -> str:
        return "A"

    async with client_of(app_of(plain)) as client:
        lines = [*issuer.headers().items(), ("Content-Type", "text/plain"), ("Content-Type", "text/html")]
        assert (await client.get("/things", headers=lines)).json() == "A"
