"""Problem documents: one shape, in the caller's language, without submitted values or internal details."""

from collections.abc import Callable
from typing import Annotated, Any

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException

from chassis.commands.command import Command
from chassis.commands.decider import RejectedError
from chassis.commands.problem import CATALOGUE, ProblemError
from chassis.commands.result import ConflictError, KeyReusedError, VersionMismatchError
from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.http.problems import MAX_REPORTED_ERRORS, MEDIA_TYPE, RETRYABLE, pointer, prefers_chinese
from chassis.store.append import EventTooLargeError
from chassis.store.group_commit import OverloadedError
from contracts.types import Instant, Name
from tests.unit.chassis.issuer import Issuer, app_of, client_of

CANARY = "canary-王小明"
Guarded = Annotated[Caller, Depends(Allow())]


class Part(Command):
    name: Name
    size: int = 1


class Thing(Command):
    parts: list[Part]
    made_at: Instant | None = None


def raising(make: Callable[[], Exception]) -> APIRouter:
    """Return a router with one route, which raises the error."""
    router = APIRouter(prefix="/v1", route_class=StrictRoute)

    @router.get("/things")
    async def fail(_caller: Guarded) -> None:
        raise make()

    return router


async def answer_to(error: Exception, issuer: Issuer, language: str = "en") -> httpx.Response:
    async with client_of(app_of(raising(lambda: error))) as client:
        return await client.get("/v1/things", headers=issuer.headers(accept_language=language))


@pytest.mark.parametrize("code", CATALOGUE)
@pytest.mark.parametrize(("language", "column"), [("en", 1), ("zh-CN,zh;q=0.9,en;q=0.5", 2)])
async def test_every_code_has_a_title_in_the_requested_language(
    issuer: Issuer, code: str, language: str, column: int
) -> None:
    response = await answer_to(ProblemError(code, "It broke.", "坏了。"), issuer, language)
    document = response.json()
    assert response.status_code == document["status"] == CATALOGUE[code][0]
    assert response.headers["content-type"] == MEDIA_TYPE
    assert document["title"] == CATALOGUE[code][column]
    assert document["detail"] == ("", "It broke.", "坏了。")[column]
    assert (document["type"], document["code"]) == (f"/problems/{code}", code)
    assert (document["instance"], document["retryable"]) == ("/v1/things", code in RETRYABLE)


def test_every_entry_of_the_catalogue_is_in_two_languages() -> None:
    for _, english, chinese in CATALOGUE.values():
        assert english.isascii()
        assert not chinese.isascii()


@pytest.mark.parametrize(
    ("accept_language", "chinese"),
    [("zh", True), ("ZH-cn", True), (" zh-Hant-TW", True), ("en-GB,zh;q=0.9", False), ("", False), ("*", False)],
)
def test_the_first_accepted_language_is_used(accept_language: str, chinese: bool) -> None:
    assert prefers_chinese(accept_language) is chinese


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (VersionMismatchError(7), 412, "version-mismatch"),
        (KeyReusedError("k"), 422, "key-reused"),
        (ConflictError("lost"), 409, "conflict"),
        (EventTooLargeError("too much"), 413, "too-large"),
        (OverloadedError("many"), 503, "unavailable"),
        (ConnectionRefusedError("no"), 503, "unavailable"),
        (TimeoutError(), 503, "unavailable"),
        (asyncpg.InterfaceError("closed"), 503, "unavailable"),
        (asyncpg.ConnectionDoesNotExistError("gone"), 503, "unavailable"),
        (asyncpg.AdminShutdownError("bye"), 503, "unavailable"),
        (asyncpg.TooManyConnectionsError("full"), 503, "unavailable"),
        (asyncpg.LockNotAvailableError("locked"), 503, "unavailable"),
        (asyncpg.DataError(CANARY), 400, "bad-request"),
        (asyncpg.CharacterNotInRepertoireError(CANARY), 400, "bad-request"),
        (HTTPException(418), 418, "bad-request"),
    ],
)
async def test_a_known_error_has_its_own_code(issuer: Issuer, error: Exception, status: int, code: str) -> None:
    response = await answer_to(error, issuer)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert ("retry-after" in response.headers) is (status == 503)
    assert CANARY not in response.text


async def test_a_version_mismatch_names_the_current_version(issuer: Issuer) -> None:
    assert "7" in (await answer_to(VersionMismatchError(7), issuer)).json()["detail"]


@pytest.mark.parametrize(("language", "detail"), [("en", "Not from here."), ("zh", "不行。")])
async def test_a_rule_keeps_its_own_code_in_every_language(issuer: Issuer, language: str, detail: str) -> None:
    document = (
        await answer_to(RejectedError("illegal-transition", "Not from here.", "不行。"), issuer, language)
    ).json()
    assert (document["status"], document["type"]) == (409, "/problems/rejected")
    assert (document["code"], document["detail"]) == ("illegal-transition", detail)


@pytest.mark.parametrize("error", [RuntimeError(CANARY), KeyError(CANARY), asyncpg.UniqueViolationError(CANARY)])
async def test_an_unexpected_error_reveals_no_details(issuer: Issuer, error: Exception) -> None:
    response = await answer_to(error, issuer)
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert response.headers["connection"] == "close"
    assert not any(word in response.text for word in (CANARY, "Traceback", type(error).__name__, ".py"))


async def test_an_unknown_address_is_a_problem(issuer: Issuer) -> None:
    async with client_of(app_of(raising(RuntimeError))) as client:
        response = await client.get("/nowhere", headers=issuer.headers(accept_language="zh"))
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
    assert response.json()["title"] == "未找到"


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        ("/v1/things/a:b", "/v1/things/a:b"),
        ("/v1/%C3%9C", "/v1/%C3%9C"),
        ("/v1/a%20b", "/v1/a%20b"),
        ("/v1/%25", "/v1/%25"),
    ],
)
async def test_43_the_instance_of_a_problem_is_a_uri_reference(issuer: Issuer, path: str, instance: str) -> None:
    async with client_of(app_of()) as client:
        response = await client.get(path, headers=issuer.headers())
    assert response.json()["instance"] == instance


async def test_another_method_is_a_problem_that_names_the_allowed_methods(issuer: Issuer) -> None:
    async with client_of(app_of(raising(RuntimeError))) as client:
        response = await client.delete("/v1/things", headers=issuer.headers())
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
    assert response.headers["allow"] == "GET"


async def sent(issuer: Issuer, body: Any, query: str = "", language: str = "en") -> httpx.Response:
    """Return the response to a posted body."""
    router = APIRouter(prefix="/v1", route_class=StrictRoute)

    @router.post("/things")
    async def make(thing: Thing, _caller: Guarded, limit: Annotated[int, Query(ge=1)] = 1) -> int:
        return len(thing.parts) * limit

    async with client_of(app_of(router)) as client:
        return await client.post(f"/v1/things{query}", json=body, headers=issuer.headers(accept_language=language))


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/parts"]),
        ([], [""]),
        ({"parts": CANARY}, ["/parts"]),
        ({"parts": [{"name": "a"}, {"name": "b", "size": CANARY}]}, ["/parts/1/size"]),
        ({"parts": [{"name": f"{CANARY}\x00"}]}, ["/parts/0/name"]),
        ({"parts": [{"name": CANARY * 200}]}, ["/parts/0/name"]),
        ({"parts": [], "made_at": CANARY}, ["/made_at"]),
        ({"parts": [], "a/b~c": CANARY}, ["/a~1b~0c"]),
        ({"parts": [{"size": CANARY}]}, ["/parts/0/name", "/parts/0/size"]),
    ],
)
async def test_an_invalid_field_is_named_and_its_value_is_not_repeated(
    issuer: Issuer, body: Any, pointers: list[str]
) -> None:
    response = await sent(issuer, body)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == pointers
    assert all(error["rule"] and error["detail"] for error in response.json()["errors"])
    assert CANARY not in response.text


@pytest.mark.parametrize("query", ["", "?limit=0", "?size=3"])
async def test_field_errors_are_in_the_requested_language(issuer: Issuer, query: str) -> None:
    body = {"parts": [] if query else [{"size": 1}]}
    english, chinese = [(await sent(issuer, body, query, language)).json()["errors"] for language in ("en", "zh-CN")]
    assert [error["pointer"] for error in english] == [error["pointer"] for error in chinese] != []
    assert all(error["detail"].isascii() for error in english)
    assert not any(error["detail"].isascii() for error in chinese)
    assert all(set(error) == {"pointer", "rule", "detail"} for error in english + chinese)


async def test_a_field_error_that_repeats_the_problem_is_in_the_same_language(issuer: Issuer) -> None:
    error = {"pointer": "/x", "rule": "odd", "detail": "It is odd."}
    refusal = ProblemError("validation-failed", "It is odd.", "不对。", errors=[error])
    assert (await answer_to(refusal, issuer, "zh")).json()["errors"] == [{**error, "detail": "不对。"}]
    assert (await answer_to(refusal, issuer)).json()["errors"] == [error]


async def test_a_query_parameter_is_named_too(issuer: Issuer) -> None:
    response = await sent(issuer, {"parts": []}, "?limit=canary")
    assert [error["pointer"] for error in response.json()["errors"]] == ["query:limit"]
    assert "canary" not in response.text


async def test_the_number_of_listed_errors_is_limited(issuer: Issuer) -> None:
    document = (await sent(issuer, {"parts": [{}] * 100})).json()
    assert len(document["errors"]) == MAX_REPORTED_ERRORS
    assert "100" in document["detail"]


def test_the_whole_body_is_the_empty_pointer() -> None:
    assert pointer(["body"]) == ""
    assert pointer(["body", ""]) == "/"
