"""The public surface (S24): documented routes, seven addresses and the schemas without a token, and nothing else."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from chassis.http.problems import MEDIA_TYPE
from contracts.topics import EVENT_TYPES
from contracts.watermark import Watermark
from services import openapi
from tests.security.operations import document, operations
from tests.security.scan import OPEN
from tests.security.world import World
from tests.support.product import Product

USUAL = (
    "/",
    "/docs/",
    "/redoc",
    "/admin",
    "/debug",
    "/v1",
    "/v1/",
    "/health",
    "/.env",
    "/.git/config",
    "/openapi.yaml",
)
METHODS = ("OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND")
ODD_PATHS = ("//metrics", "/v1/customers/%2e%2e/%2e%2e/metrics", "/v1/%00", "/%zz")


@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_there_is_no_route_but_those_documented_and_the_open_ones(world: World, service: str) -> None:
    transport = world.clients[service]._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, FastAPI)
    found = {route.path for route in iter_route_contexts(transport.app.routes)}
    assert found == document(service)["paths"].keys() | set(OPEN) | {"/schemas/{name}"}


@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_a_stranger_is_shown_the_open_addresses_only(product: Product, service: str) -> None:
    async with httpx.AsyncClient(base_url=product.client.urls[service], trust_env=False) as stranger:
        assert {path: (await stranger.get(path)).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)
        for path in (*USUAL, *ODD_PATHS):
            response = await stranger.get(path)
            assert (response.status_code, response.headers["content-type"]) == (404, MEDIA_TYPE), path
        paths = [each.path for each in operations() if each.service == service]
        refused = {path: (await stranger.get(path.replace("{", "").replace("}", ""))).status_code for path in paths}
        assert set(refused.values()) <= {401, 405}, refused


@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_45_every_service_serves_the_schemas_that_its_records_name(product: Product, service: str) -> None:
    async with httpx.AsyncClient(base_url=product.client.urls[service], trust_env=False) as stranger:
        for name in (*EVENT_TYPES, Watermark.TYPE):
            response = await stranger.get(f"/schemas/{name}.json")
            assert (response.status_code, response.json()["$id"]) == (200, f"{name}.json")
        for name in ("nothing.json", "..%2fasyncapi.json", "%00"):
            assert (await stranger.get(f"/schemas/{name}")).status_code == 404


@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_no_other_method_is_taken_and_nothing_tells_what_serves(product: Product, service: str) -> None:
    client = product.client
    for method in METHODS:
        url = f"{client.urls[service]}{next(iter(document(service)['paths']))}"
        response = await client.http.request(method, url, headers={"Origin": "https://elsewhere.test"})
        assert response.status_code in {400, 405}, (method, response.text)
        assert not {"server", "x-powered-by", "access-control-allow-origin"} & response.headers.keys()
