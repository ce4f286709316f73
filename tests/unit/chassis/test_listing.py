"""Paging: following the cursors returns every row once, and a cursor is valid only for its own list."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends

from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import MAX_POSITION, MAX_VERSION, AfterPosition, AfterVersion, Paging
from chassis.http.paging import DEFAULT_LIMIT, MAX_LIMIT, Page
from tests.unit.chassis.issuer import Issuer, app_of, client_of

ROWS = list(range(MAX_LIMIT + 50))
router = APIRouter(route_class=StrictRoute)


@router.get("/numbers")
async def read(paging: Paging, _caller: Annotated[Caller, Depends(Allow())], parity: int | None = None) -> Page[int]:
    found = [row for row in ROWS if parity is None or row % 2 == parity]

    async def fetch(place: list[str] | None, size: int) -> list[int]:
        after = int(place[0]) if place else -1
        return [row for row in found if row > after][: size + 1]

    return await paging.page({"list": "numbers", "parity": parity}, fetch, lambda row: [str(row)])


async def ask(issuer: Issuer, address: str) -> httpx.Response:
    async with client_of(app_of(router)) as client:
        return await client.get(address, headers=issuer.headers())


@pytest.mark.parametrize("limit", [1, 7, 50, len(ROWS)])
async def test_following_the_links_shows_every_row_once(issuer: Issuer, limit: int) -> None:
    rows: list[int] = []
    address: str | None = f"/numbers?limit={limit * 10}"
    while address:
        response = await ask(issuer, address)
        rows += response.json()["items"]
        address = response.links.get("next", {}).get("url")
    assert rows == ROWS


@pytest.mark.parametrize(("asked", "size"), [("", DEFAULT_LIMIT), ("?limit=3", 3), ("?limit=100000", MAX_LIMIT)])
async def test_a_page_has_the_requested_size_within_its_limits(issuer: Issuer, asked: str, size: int) -> None:
    document = (await ask(issuer, f"/numbers{asked}")).json()
    assert (len(document["items"]), document["has_more"]) == (size, True)
    assert document["next_cursor"]


async def test_the_last_page_has_no_cursor(issuer: Issuer) -> None:
    response = await ask(issuer, f"/numbers?limit={MAX_LIMIT}&parity=0")
    assert (response.json()["has_more"], response.json()["next_cursor"]) == (False, None)
    assert "link" not in response.headers


async def test_a_link_does_not_repeat_the_host_header(issuer: Issuer) -> None:
    async with client_of(app_of(router)) as client:
        headers = issuer.headers(host="elsewhere.test")
        response = await client.get("/numbers?limit=3&parity=0", headers=headers)
    assert response.links["next"]["url"].startswith("/numbers?limit=3&parity=0&cursor=")


async def test_a_cursor_with_other_filters_is_refused(issuer: Issuer) -> None:
    cursor = (await ask(issuer, "/numbers?limit=3&parity=0")).json()["next_cursor"]
    response = await ask(issuer, f"/numbers?limit=3&parity=1&cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid-cursor")


async def test_the_limit_may_change_between_pages(issuer: Issuer) -> None:
    cursor = (await ask(issuer, "/numbers?limit=3")).json()["next_cursor"]
    assert (await ask(issuer, f"/numbers?limit=2&cursor={cursor}")).json()["items"] == [3, 4]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=ten", "limit=1.5", f"cursor={'x' * 501}"])
async def test_an_invalid_limit_or_cursor_is_refused_by_name(issuer: Issuer, query: str) -> None:
    response = await ask(issuer, f"/numbers?{query}")
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"query:{query.partition('=')[0]}"]


async def test_a_misspelt_filter_is_refused_rather_than_ignored(issuer: Issuer) -> None:
    response = await ask(issuer, "/numbers?parety=1")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "query:parety")
    assert "parity" in response.json()["detail"]


@router.get("/events")
async def read_events(
    _caller: Annotated[Caller, Depends(Allow())], position: AfterPosition = 0, version: AfterVersion = 0
) -> list[int]:
    return [position, version]


async def test_the_last_position_and_version_are_accepted(issuer: Issuer) -> None:
    response = await ask(issuer, f"/events?position={MAX_POSITION}&version={MAX_VERSION}")
    assert response.json() == [MAX_POSITION, MAX_VERSION]


@pytest.mark.parametrize(
    ("name", "value"),
    [("position", MAX_POSITION + 1), ("position", 10**20 - 1), ("version", MAX_VERSION + 1), ("version", -1)],
)
async def test_a_position_or_version_out_of_bounds_is_refused_by_its_name(
    issuer: Issuer, name: str, value: int
) -> None:
    response = await ask(issuer, f"/events?{name}={value}")
    assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
    assert [error["pointer"] for error in response.json()["errors"]] == [f"query:{name}"]
