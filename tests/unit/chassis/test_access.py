"""Authorization: no route without a policy, and each role has exactly the access it should have."""

from typing import Annotated
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse

from chassis.commands.holders import Holders
from chassis.http.access import EVERYWHERE, MAX_KEY, OWN, Allow, Caller, PolicyMissingError, check_policies, hash_of
from chassis.http.auth import Role
from chassis.http.body import StrictRequest
from tests.unit.chassis.issuer import Issuer, app_of, client_of

HOLDERS = Holders(owner_id="E1", leader_id="E2", helper_ids=frozenset({"E3"}))
Guarded = Annotated[Caller, Depends(Allow())]


def open_router(prefix: str = "") -> APIRouter:
    """Return a router whose route has no policy."""
    router = APIRouter(prefix=prefix)

    @router.get("/open")
    async def leak() -> str:
        return "everything"

    return router


def guarded_router() -> APIRouter:
    router = APIRouter()

    @router.get("/mine/{customer_id}")
    @router.post("/mine/{customer_id}")
    async def answer(customer_id: UUID, caller: Guarded) -> JSONResponse:
        caller.require(HOLDERS)
        context = caller.context
        return JSONResponse(
            {"id": str(customer_id), "version": caller.expected_version, "key": context.key, "safe": context.retryable}
        )

    return router


def test_a_route_without_a_policy_does_not_start() -> None:
    with pytest.raises(PolicyMissingError, match=r"GET.*/v1/open"):
        app_of(open_router("/v1"))


def test_one_open_route_among_guarded_ones_is_found() -> None:
    with pytest.raises(PolicyMissingError):
        app_of(guarded_router(), open_router())


def test_an_open_route_is_found_in_a_router_inside_a_router() -> None:
    outer, middle = APIRouter(prefix="/outer"), APIRouter(prefix="/middle")
    middle.include_router(open_router())
    outer.include_router(middle)
    with pytest.raises(PolicyMissingError, match="/outer/middle/open"):
        app_of(outer)


def test_an_open_route_is_found_on_the_application_itself() -> None:
    app = FastAPI()
    app.get("/open")(lambda: "everything")
    with pytest.raises(PolicyMissingError):
        check_policies(app)


def test_a_dependency_that_is_no_policy_does_not_count() -> None:
    router = APIRouter(dependencies=[Depends(lambda: None)])
    router.include_router(open_router())
    with pytest.raises(PolicyMissingError):
        app_of(router)


def test_a_policy_of_the_whole_router_counts() -> None:
    router = APIRouter(dependencies=[Depends(Allow())])
    router.include_router(open_router())
    app_of(router)


def test_guarded_routes_start() -> None:
    app_of(guarded_router())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("subject", "related"), [("E1", True), ("E2", True), ("E3", True), ("E4", False), ("e1", False)]
)
async def test_a_role_has_access_to_all_customers_or_its_own_or_none(
    issuer: Issuer, role: Role, subject: str, related: bool
) -> None:
    expected = 200 if role in EVERYWHERE or (role in OWN and related) else 403
    async with client_of(app_of(guarded_router())) as client:
        response = await client.get(f"/mine/{UUID(int=1)}", headers=issuer.headers(subject, role))
    assert response.status_code == expected


@pytest.mark.parametrize("role", ["", "nobody", "SALES", "sales,ops"])
async def test_a_token_without_a_known_role_has_no_access(issuer: Issuer, role: str) -> None:
    async with client_of(app_of(guarded_router())) as client:
        response = await client.get(f"/mine/{UUID(int=1)}", headers=issuer.headers("E1", role))
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_without_a_token_the_path_is_not_read(issuer: Issuer) -> None:
    async with client_of(app_of(guarded_router())) as client:
        response = await client.get("/mine/no-uuid")
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"
    assert issuer.asked == 0


def test_a_customer_without_an_owner_has_no_holders() -> None:
    assert not Holders().include("E1")


async def context_with(issuer: Issuer, method: str = "POST", **headers: str) -> tuple[int, dict[str, object]]:
    async with client_of(app_of(guarded_router())) as client:
        sent = {name.encode(): value.encode() for name, value in issuer.headers("E1", **headers).items()}
        response = await client.request(method, f"/mine/{UUID(int=1)}", headers=sent)
    return response.status_code, response.json()


@pytest.mark.parametrize(("tag", "version"), [('"3"', 3), (' "0" ', 0), ('"999999999"', 999_999_999), ("*", None)])
async def test_if_match_sets_the_expected_version(issuer: Issuer, tag: str, version: int | None) -> None:
    status, document = await context_with(issuer, if_match=tag)
    assert (status, document["version"]) == (200, version)


@pytest.mark.parametrize(
    "tag", ["3", 'w/"3"', "W/3", '"a"', '""', '"-1"', '"3", "4"', '"1234567890"', '"3', "", '"1.0"']
)
async def test_an_invalid_if_match_is_refused(issuer: Issuer, tag: str) -> None:
    status, document = await context_with(issuer, if_match=tag)
    assert (status, document["code"]) == (400, "bad-request")


async def test_70_several_lines_of_if_match_are_one_value(issuer: Issuer) -> None:
    lines = [("Authorization", issuer.headers("E1")["Authorization"]), ("If-Match", '"3"'), ("If-Match", '"4"')]
    async with client_of(app_of(guarded_router())) as client:
        response = await client.post(f"/mine/{UUID(int=1)}", headers=lines)
    assert (response.status_code, response.json()["code"]) == (400, "bad-request")


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a"), ("a", "b", "c")])
@pytest.mark.parametrize(("language", "said"), [("en", "Send only once: "), ("zh", "只能出现一次")])
async def test_several_lines_of_the_idempotency_key_are_refused(
    issuer: Issuer, keys: tuple[str, ...], language: str, said: str
) -> None:
    lines = [*issuer.headers("E1", accept_language=language).items(), *(("Idempotency-Key", key) for key in keys)]
    async with client_of(app_of(guarded_router())) as client:
        response = await client.post(f"/mine/{UUID(int=1)}", headers=lines)
    assert (response.status_code, response.json()["code"]) == (400, "bad-request")
    assert said in response.json()["detail"]
    assert "Idempotency-Key" in response.json()["detail"]
    assert [error["pointer"] for error in response.json()["errors"]] == ["header:Idempotency-Key"]


async def test_several_lines_of_authorization_are_no_token(issuer: Issuer) -> None:
    lines = [("Authorization", issuer.headers(subject)["Authorization"]) for subject in ("E1", "E2")]
    async with client_of(app_of(guarded_router())) as client:
        response = await client.post(f"/mine/{UUID(int=1)}", headers=lines)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("tag", ['W/"3"', 'W/""', ' W/"a" '])
async def test_22_a_weak_etag_matches_no_version(issuer: Issuer, tag: str) -> None:
    status, document = await context_with(issuer, if_match=tag)
    assert (status, document["code"]) == (412, "version-mismatch")
    assert document["detail"] == 'If-Match does not match weak ETags such as W/"3". Send the ETag without W/.'


@pytest.mark.parametrize("tag", ['"3"', "*"])
@pytest.mark.parametrize(("language", "name"), [("en", "This route does not support"), ("zh", "此接口不支持")])
async def test_70_a_read_refuses_if_match(issuer: Issuer, tag: str, language: str, name: str) -> None:
    status, document = await context_with(issuer, "GET", if_match=tag, accept_language=language)
    assert (status, document["code"]) == (400, "bad-request")
    assert str(document["detail"]).startswith(f"{name} If-Match")


@pytest.mark.parametrize("key", ["k", "k" * MAX_KEY, "a b|c"])
async def test_an_idempotency_key_makes_a_request_safe_to_send_again(issuer: Issuer, key: str) -> None:
    status, document = await context_with(issuer, idempotency_key=key)
    assert (status, document["safe"]) == (200, True)
    assert str(document["key"]).endswith(f"|{key}")


@pytest.mark.parametrize("key", ["", "k" * (MAX_KEY + 1), "a\tb", "ключ"])
async def test_an_idempotency_key_out_of_bounds_is_refused(issuer: Issuer, key: str) -> None:
    status, document = await context_with(issuer, idempotency_key=key)
    assert (status, document["code"]) == (400, "bad-request")


JSON = "application/json"


async def hash_with(content: bytes, content_type: str = JSON) -> bytes:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": content, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", content_type.encode())]}
    return await hash_of(StrictRequest(scope, receive))


@pytest.mark.parametrize(
    "same",
    [
        b'{"name":"\xe5\xae\x89","tags":[1,{"b":2,"a":null}]}',
        b'{ "tags": [1, {"a": null, "b": 2}],\r\n\t"name": "\\u5b89" }\n',
    ],
)
async def test_71_json_bodies_with_the_same_content_have_the_same_hash(same: bytes) -> None:
    assert await hash_with(same) == await hash_with('{"name": "安", "tags": [1, {"b": 2, "a": null}]}'.encode())


@pytest.mark.parametrize(
    "other", [b'{"a": [2, 1]}', b'{"a": [1.0, 2]}', b'{"a": ["1", 2]}', b'{"A": [1, 2]}', b"{}", b""]
)
async def test_71_json_bodies_with_other_content_have_another_hash(other: bytes) -> None:
    assert await hash_with(other) != await hash_with(b'{"a": [1, 2]}')


async def test_71_a_body_with_a_lone_surrogate_or_a_large_integer_has_a_hash_too() -> None:
    for content in (b'{"a": "\\ud800", "b": 1}', b'{"a": 1000000000000000000000000000000, "b": 1}'):
        turned = b"{" + b", ".join(reversed(content[1:-1].split(b", "))) + b"}"
        assert await hash_with(content) == await hash_with(turned)
        assert await hash_with(content) != await hash_with(content.replace(b'"b": 1', b'"b": 2'))


async def test_71_of_a_body_that_is_not_json_every_byte_counts() -> None:
    assert await hash_with(b"[1, 2]", "text/csv") != await hash_with(b"[1,2]", "text/csv")
    assert await hash_with(b"name\n", "text/csv") == await hash_with(b"name\n", "text/csv")


async def test_requests_without_a_key_get_different_keys(issuer: Issuer) -> None:
    (_, first), (_, second) = [await context_with(issuer) for _ in range(2)]
    assert first["key"] != second["key"]
    assert first["safe"] is False
