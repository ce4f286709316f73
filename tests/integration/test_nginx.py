"""nginx in front of a service: what it refuses by itself is told as a service would, and reaches no service."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request, Response

from chassis.http import problems
from chassis.http.admission import MAX_CONCURRENT
from chassis.http.body import MAX_BODY_BYTES
from deploy.stack.ports import HOST, free_port
from tests.support.nginx import nginx
from tests.support.waiting import eventually
from tests.unit.chassis.serving import Caller, calling, serving

SCHEMA = "/schemas/care.customer.registered.v1.json"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ASKED = {"X-Correlation-Id": "mine", "Traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
LANGUAGES = ["en", "zh-CN"]
PLACES = 2
# More than the sockets and buffers of all three hold.
LARGE = 24 * 1024 * 1024
FEW_PLACES = {f"max_conns={MAX_CONCURRENT}": f"max_conns={PLACES}"}
IMPATIENT = {
    "client_header_timeout 10s": "client_header_timeout 1s",
    "client_body_timeout 20s": "client_body_timeout 1s",
    "send_timeout 20s": "send_timeout 1s",
}


@dataclass
class Behind:
    """A service that answers when it is told to, and the port of nginx in front of it."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> FastAPI:
        made = FastAPI(openapi_url=None)
        made.add_api_route("/v1/slow", self.slow)
        made.add_api_route("/v1/large", self.large)
        for path in ("/v1/things", "/v1/imports"):
            made.add_api_route(path, self.count, methods=["POST"])
        documents = ("/openapi.json", "/docs", "/docs.css", "/docs.txt", SCHEMA, "/schemas/other")
        for path in ("/livez", "/readyz", "/startupz", "/metrics", *documents):
            made.add_api_route(path, self.count)
        return made

    async def slow(self, request: Request) -> str:
        self.note(request)
        await self.may_answer.wait()
        return "at last"

    async def large(self) -> Response:
        self.asked.append("/v1/large")
        return Response(b"x" * LARGE)

    async def count(self, request: Request) -> int:
        self.note(request)
        return len(await request.body())

    def note(self, request: Request) -> None:
        self.asked.append(request.url.path)
        self.headers = dict(request.headers)

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://{HOST}:{self.port}", headers={**ASKED, **headers}, trust_env=False, timeout=60
        )

    async def is_full(self) -> bool:
        return self.asked.count("/v1/slow") == PLACES


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What of the shipped configuration a test changes."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
async def behind(tmp_path: Path, settings: dict[str, str]) -> AsyncIterator[Behind]:
    made = Behind()
    async with serving(made.app()) as port, nginx(tmp_path, f"{HOST}:{port}", settings) as made.port:
        yield made
        made.may_answer.set()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Behind]:
    """nginx in front of nothing."""
    made = Behind()
    async with nginx(tmp_path, f"{HOST}:{free_port()}") as made.port:
        yield made


def expected(code: str, path: str, language: str) -> dict[str, Any]:
    return problems.document(code, path, TRACE, chinese=problems.prefers_chinese(language))


def is_problem(response: httpx.Response, code: str, language: str) -> None:
    """nginx and the services must not drift apart: the same fields, the same words."""
    assert response.json() == expected(code, response.request.url.path, language)
    assert response.status_code == response.json()["status"]
    assert response.headers["content-type"] == problems.MEDIA_TYPE
    assert response.headers["x-correlation-id"] == "mine"
    retry_after = str(problems.RETRY_AFTER_SECONDS) if response.status_code == 503 else None
    assert response.headers.get("retry-after") == retry_after


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_too_large_is_refused_by_nginx(behind: Behind, language: str, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b" " * (MAX_BODY_BYTES + 1)

    content = pieces() if chunked else b" " * (MAX_BODY_BYTES + 1)
    async with behind.client(**{"Accept-Language": language}) as client:
        is_problem(await client.post("/v1/things?a=b", content=content), "too-large", language)
        assert (await client.post("/v1/things", content=b" " * MAX_BODY_BYTES)).json() == MAX_BODY_BYTES
    assert behind.asked == ["/v1/things"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_file_may_be_larger_up_to_a_limit_of_its_own(behind: Behind, language: str) -> None:
    async with behind.client(**{"Accept-Language": language}) as client:
        assert (await client.post("/v1/imports", content=b" " * 20 * 1024 * 1024)).json() == 20 * 1024 * 1024
        is_problem(await client.post("/v1/imports", content=b" " * 22 * 1024 * 1024), "too-large", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("settings", [FEW_PLACES], indirect=True)
async def test_a_full_service_is_not_asked_for_more(behind: Behind, language: str) -> None:
    async with behind.client(**{"Accept-Language": language}) as client:
        inside = [asyncio.create_task(client.get("/v1/slow")) for _ in range(PLACES)]
        await eventually(behind.is_full)
        is_problem(await client.get("/v1/slow"), "overloaded", language)
        for path in ("/livez", "/readyz", "/startupz"):
            assert (await client.get(path)).status_code == 200
        assert behind.asked.count("/v1/slow") == PLACES
        behind.may_answer.set()
        assert {each.status_code for each in await asyncio.gather(*inside)} == {200}
        assert (await client.get("/v1/slow")).status_code == 200


@pytest.mark.parametrize("settings", [FEW_PLACES], indirect=True)
async def test_a_body_that_has_not_come_holds_no_place(behind: Behind) -> None:
    head = b"POST /v1/things HTTP/1.1\r\nHost: care.test\r\nContent-Length: 9\r\n\r\nsome"
    async with calling(behind.port) as one, calling(behind.port) as two, calling(behind.port) as three:
        for each in (one, two, three):
            each.send(head)
        async with behind.client() as client:
            assert (await client.post("/v1/things", content=b"x")).json() == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_service_that_is_away_is_told_of_as_such(alone: Behind, language: str) -> None:
    async with alone.client(**{"Accept-Language": language}) as client:
        is_problem(await client.get("/v1/things"), "unavailable", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/metrics", "/", "/v2/things", "/care-problem/upstream", "/.env"])
async def test_nothing_else_is_passed_on(behind: Behind, path: str, language: str) -> None:
    async with behind.client(**{"Accept-Language": language}) as client:
        is_problem(await client.get(path), "not-found", language)
    assert behind.asked == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_method_that_nginx_refuses_is_told_of_as_such(behind: Behind, language: str) -> None:
    async with behind.client(**{"Accept-Language": language}) as client:
        is_problem(await client.request("TRACE", "/v1/things"), "method-not-allowed", language)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"no HTTP at all\r\n\r\n", "bad-request"),
        (b"GET /v1/things?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: care.test\r\n\r\n", "head-too-large"),
        (b"GET /livez HTTP/1.1\r\nHost: care.test\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", "head-too-large"),
    ],
    ids=["no HTTP at all", "an endless address", "an endless header"],
)
async def test_a_head_that_cannot_be_read_is_told_of_as_such(behind: Behind, raw: bytes, code: str) -> None:
    async with calling(behind.port) as caller:
        status, headers, body = await caller.ask(raw)
    # What was not read cannot be named.
    expected = problems.document(code, "/", "0" * 32, chinese=False)
    assert json.loads(body) | {"instance": "/"} == expected
    assert (int(status.split()[1]), headers["content-type"]) == (expected["status"], problems.MEDIA_TYPE)
    assert headers["x-correlation-id"]


@pytest.mark.parametrize("path", ["/v1/a%22b", "/v1/a\\b", '/v1/a"b', "/v1/王"])
async def test_a_strange_path_makes_no_broken_document(alone: Behind, path: str) -> None:
    async with calling(alone.port) as caller:
        raw = f"GET {path} HTTP/1.1\r\nHost: care.test\r\n\r\n".encode()
        document = json.loads((await caller.ask(raw))[2])
    assert document["instance"] == (path if "%" in path else "/")


@pytest.mark.parametrize(("given", "is_kept"), [("req-1", True), ("a b", True), ("x" * 65, False), ("", False)])
async def test_the_service_and_the_caller_are_told_one_correlation_id(
    behind: Behind, given: str, is_kept: bool
) -> None:
    async with behind.client(**{"X-Correlation-Id": given}) as client:
        refused = await client.get("/nowhere")
        await client.post("/v1/things")
    assert (refused.headers["x-correlation-id"] == given) is is_kept
    assert (behind.headers["x-correlation-id"] == given) is is_kept
    assert refused.headers["x-correlation-id"]


async def test_what_a_client_says_of_itself_is_not_believed(behind: Behind) -> None:
    said = {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil", "Forwarded": "a"}
    async with behind.client(**said) as client:
        await client.post("/v1/things")
    told = {name: value for name, value in behind.headers.items() if "forwarded" in name}
    assert told == {"x-forwarded-for": HOST, "x-forwarded-proto": "http"}


async def test_the_document_of_the_service_is_asked_for_once(behind: Behind) -> None:
    async with behind.client() as client:
        answers = [await client.get(path) for path in ("/openapi.json", "/openapi.json", "/openapi.json?a=b")]
    assert [each.status_code for each in answers] == [200] * 3
    assert behind.asked == ["/openapi.json"]


async def test_54_the_reference_page_and_its_style_are_forwarded_and_cached(behind: Behind) -> None:
    async with behind.client() as client:
        answers = [await client.get(path) for path in ("/docs", "/docs.css", "/docs", "/docs.txt", "/docs/")]
    assert [each.status_code for each in answers] == [200, 200, 200, 404, 404]
    assert behind.asked == ["/docs", "/docs.css"]


async def test_45_schemas_are_forwarded_and_cached_and_nothing_else_beside_them(behind: Behind) -> None:
    async with behind.client() as client:
        answers = [await client.get(path) for path in (SCHEMA, SCHEMA, "/schemas/other", "/schemas/../metrics")]
    assert [each.status_code for each in answers] == [200, 200, 404, 404]
    assert behind.asked == [SCHEMA]


@pytest.mark.parametrize("settings", [IMPATIENT], indirect=True)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GET /v1/things HTTP/1.1\r\nHost: care.test\r\nX-Slow: ",
        b"POST /v1/things HTTP/1.1\r\nHost: care.test\r\nContent-Length: 9\r\n\r\nsome",
    ],
    ids=["a silent connection", "a head that never ends", "a body that never ends"],
)
async def test_a_request_that_does_not_come_is_closed(behind: Behind, raw: bytes) -> None:
    async with calling(behind.port) as caller:
        caller.send(raw)
        assert await disconnected(caller) == b""
    assert behind.asked == []


@pytest.mark.parametrize("settings", [IMPATIENT], indirect=True)
async def test_a_head_that_comes_in_drops_is_closed_all_the_same(behind: Behind) -> None:
    async with calling(behind.port) as caller:
        caller.send(b"GET /v1/things HTTP/1.1\r\nHost: care.test\r\nX-Slow: ")
        closed = asyncio.create_task(disconnected(caller))
        async with asyncio.timeout(30):
            while not closed.done():
                caller.send(b"x")
                await asyncio.sleep(0.1)
        assert closed.result() == b""


async def disconnected(caller: Caller) -> bytes:
    try:
        return await caller.rest()
    except ConnectionError:
        return b""


@pytest.mark.parametrize("settings", [IMPATIENT | FEW_PLACES], indirect=True)
async def test_an_answer_that_nobody_reads_holds_no_place_and_is_closed(behind: Behind) -> None:
    async with calling(behind.port) as caller:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(PLACES + 1):
            caller.send(b"GET /v1/large HTTP/1.1\r\nHost: care.test\r\n\r\n")
        async with behind.client() as client:

            async def is_answered() -> bool:
                return (await client.post("/v1/things")).status_code == 200

            await eventually(is_answered)

        async def is_closed() -> bool:
            caller.send(b"x")
            return caller.writer.transport.is_closing()

        await eventually(is_closed, within=30)


async def test_it_speaks_tls_where_it_is_given_a_certificate(tmp_path: Path) -> None:
    made, extra = Behind(), self_signed(tmp_path)
    async with (
        serving(made.app()) as port,
        nginx(tmp_path, f"{HOST}:{port}", extra=extra) as made.port,
        httpx.AsyncClient(verify=ssl.create_default_context(cafile=tmp_path / "care.pem"), trust_env=False) as client,
    ):
        assert (await client.post(f"https://{HOST}:{made.port}/v1/things")).status_code == 200
    assert made.headers["x-forwarded-proto"] == "https"


def self_signed(folder: Path) -> str:
    """Write a certificate for this machine, and return the settings that name it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "care.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "care.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return f"ssl_certificate {folder}/care.pem;\nssl_certificate_key {folder}/care.key;\n"
