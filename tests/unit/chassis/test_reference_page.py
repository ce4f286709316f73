"""The reference page of each service: it shows every operation and schema, and asks no other host for anything."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from chassis.http.description.html import element, prose
from chassis.http.description.page import STYLE, reference_page
from chassis.http.documents import PAGE_HEADERS, documents_of
from services import openapi
from tests.unit.chassis.issuer import app_of, client_of

ADDRESSES = {"href", "src", "action", "srcset", "data", "poster"}
DOCUMENTS = {service: json.loads(openapi.committed(service).read_text()) for service in openapi.SERVICES}
every_service = pytest.mark.parametrize("service", openapi.SERVICES)


class Elements(HTMLParser):
    """Collects the elements of a page, their ids and the addresses that they refer to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.addresses: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            self.ids += [value or ""] if name == "id" else []
            self.addresses |= {value or ""} if name in ADDRESSES else set()


@every_service
def test_54_no_request_of_the_page_leaves_its_origin_and_nothing_needs_a_script(service: str) -> None:
    found = Elements(reference_page(DOCUMENTS[service]))
    assert not {(split.scheme, split.netloc) for split in map(urlsplit, found.addresses)} - {("", "")}
    assert not found.tags & {"script", "iframe", "img", "style", "object", "base"}
    assert not {name for name in found.attributes if name == "style" or name.startswith("on")}
    assert not re.search(r"url\(|@import", STYLE)


@every_service
def test_54_the_page_shows_every_operation_and_schema_and_no_link_leads_nowhere(service: str) -> None:
    document, found = DOCUMENTS[service], Elements(reference_page(DOCUMENTS[service]))
    operations = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    schemas = [f"schema-{name}" for name in document["components"]["schemas"]]
    assert sorted(found.ids) == sorted([*operations, *schemas, "schemas"])
    assert {address for address in found.addresses if address.startswith("#")} <= {f"#{each}" for each in found.ids}


@every_service
def test_54_the_page_shows_the_parameters_headers_and_statuses_of_an_operation(service: str) -> None:
    page = reference_page(DOCUMENTS[service])
    for words in ("X-Correlation-ID", "Accept-Language", "401 Unauthorized", "503 Service Unavailable"):
        assert words in page


def test_text_is_escaped() -> None:
    assert element("p", "<b>", title='"') == '<p title="&quot;">&lt;b&gt;</p>'
    assert prose("a `<b>`\n\nc") == "<p>a <code>&lt;b&gt;</code></p><p>c</p>"


@every_service
def test_the_documents_of_a_service_are_its_own_and_are_rendered_once(service: str) -> None:
    documents = documents_of(service)

    assert documents.description == openapi.committed(service).read_bytes()
    assert documents.page == reference_page(DOCUMENTS[service]).encode()
    assert documents_of(service) is documents


async def test_54_the_page_and_its_style_are_served_without_a_token_under_a_strict_policy() -> None:
    async with client_of(app_of()) as client:
        page, style = await client.get("/docs"), await client.get("/docs.css")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text == reference_page(DOCUMENTS["customer"])
    assert page.headers["content-security-policy"] == PAGE_HEADERS["Content-Security-Policy"]
    assert (style.status_code, style.text) == (200, STYLE)
