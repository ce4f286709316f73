"""Query parameters and headers: an unknown or a repeated one is refused by its name, so that none is ignored."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Header, Query

from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Limit
from tests.unit.chassis.issuer import Issuer, app_of, client_of

router = APIRouter(route_class=StrictRoute)


@router.get("/things")
async def read(
    _caller: Annotated[Caller, Depends(Allow())],
    limit: Limit = None,
    owner: str | None = None,
    people: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
    teams: Annotated[list[str] | None, Query()] = None,
    last: Annotated[str | None, Header(alias="Last-Thing")] = None,
) -> list[Any]:
    return [limit, owner, people, teams, last]


async def ask(issuer: Issuer, query: str, *more: tuple[str, str], language: str = "en") -> httpx.Response:
    headers = [*issuer.headers(accept_language=language).items(), *more]
    async with client_of(app_of(router)) as client:
        return await client.get(f"/things?{query}", headers=headers)


def places(response: httpx.Response) -> list[str]:
    assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
    return [error["pointer"] for error in response.json()["errors"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("limit=1&limit=2", ["query:limit"]),
        ("limit=1&limit=1", ["query:limit"]),
        ("owner=A&limit=1&owner=B", ["query:owner"]),
        ("owner=A&%6fwner=B", ["query:owner"]),
        ("owner=&owner=", ["query:owner"]),
        ("owner=A&owner=B&limit=1&limit=2&limit=3", ["query:limit", "query:owner"]),
        ("Owner=A&Owner=B", ["query:Owner"]),
    ],
)
async def test_a_repeated_query_parameter_is_refused_by_its_name(issuer: Issuer, query: str, found: list[str]) -> None:
    assert places(await ask(issuer, query)) == found


async def test_a_list_may_occur_several_times(issuer: Issuer) -> None:
    response = await ask(issuer, "people=A&people=B&teams=C&teams=D&owner=E")
    assert response.json() == [None, "E", ["A", "B"], ["C", "D"], None]


async def test_a_repeated_header_of_a_route_is_refused_by_its_name(issuer: Issuer) -> None:
    response = await ask(issuer, "", ("Last-Thing", "1"), ("last-thing", "2"))
    assert places(response) == ["header:Last-Thing"]


async def test_other_headers_may_be_repeated(issuer: Issuer) -> None:
    response = await ask(issuer, "", ("Last-Thing", "1"), ("Via", "1.1 a"), ("Via", "1.1 b"))
    assert response.json() == [None, None, [], None, "1"]


@pytest.mark.parametrize(("language", "said"), [("en", "Must occur only once."), ("zh", "只能出现一次。")])
async def test_a_repeated_parameter_is_explained_in_both_languages(issuer: Issuer, language: str, said: str) -> None:
    document = (await ask(issuer, "limit=1&limit=2", language=language)).json()
    assert [error["detail"] for error in document["errors"]] == [said]
    assert "limit" in document["detail"]
