"""Authentication: only valid, unexpired tokens signed by the issuer for this audience are accepted."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt import PyJWK

from chassis.commands.problem import ProblemError
from chassis.http import auth
from chassis.http.auth import (
    FETCH_WINDOW_SECONDS,
    KEYS_FRESH_SECONDS,
    KEYS_USABLE_SECONDS,
    LEEWAY_SECONDS,
    MAX_FETCHES_IN_WINDOW,
    MAX_TOKEN_BYTES,
    MAX_TOKEN_LIFETIME_SECONDS,
    Authenticator,
    Principal,
    Role,
)
from deploy.stack import tokens
from tests.unit.chassis.issuer import ISSUER, SETTINGS, Issuer

Forge = Callable[[tokens.Signer, tokens.Signer], str]


@pytest.fixture(scope="session")
def stranger() -> tokens.Signer:
    """A signer with its own key that claims to be the issuer."""
    return tokens.Signer(generate_private_key(public_exponent=65537, key_size=2048), ISSUER)


@pytest.fixture
def authenticator(issuer: Issuer) -> Authenticator:
    assert issuer.published
    return Authenticator(SETTINGS)


def claims(**changes: Any) -> dict[str, Any]:
    """Return valid claims with `changes`; None removes a claim."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": "care", "sub": "E1", "roles": ["sales"], "iat": now, "nbf": now, "exp": now + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(by: tokens.Signer, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    named = {"typ": "at+jwt", "kid": tokens.key_id(by)} | (header or {})
    return jwt.encode(claims(**changes), by.key, algorithm="RS256", headers=named)


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def with_header(by: tokens.Signer, header: bytes, signature: Callable[[bytes], bytes] | None = None) -> str:
    """Return valid claims under the given header."""
    body = f"{encoded(header)}.{encoded(json.dumps(claims()).encode())}"
    sealed = signature(body.encode()) if signature else signed(by).rpartition(".")[2].encode()
    return f"{body}.{encoded(sealed)}"


def confused(by: tokens.Signer) -> str:
    """HS256 with the published key as the secret: accepted by a verifier that trusts the header's alg."""
    pem = by.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": tokens.key_id(by)}).encode()
    return with_header(by, header, lambda body: hmac.new(pem, body, hashlib.sha256).digest())


def header_of(by: tokens.Signer, **changes: Any) -> bytes:
    return json.dumps({"alg": "RS256", "typ": "at+jwt", "kid": tokens.key_id(by)} | changes).encode()


FORGED: dict[str, Forge] = {
    "no dots": lambda _us, _they: "abc",
    "dots only": lambda _us, _they: "..",
    "not base64": lambda _us, _they: "§.§.§",
    "five parts": lambda us, _they: f"{signed(us)}.a.b",
    "two tokens": lambda us, _they: f"{signed(us)},{signed(us)}",
    "a changed claim": lambda us, _they: _resealed(signed(us), sub="admin"),
    "a cut signature": lambda us, _they: signed(us)[:-4],
    "no signature": lambda us, _they: signed(us).rpartition(".")[0] + ".",
    "alg none": lambda us, _they: with_header(us, header_of(us, alg="none"), lambda _: b""),
    "alg nOnE": lambda us, _they: with_header(us, header_of(us, alg="nOnE"), lambda _: b""),
    "alg missing": lambda us, _they: with_header(us, b'{"typ": "at+jwt"}'),
    "alg null": lambda us, _they: with_header(us, header_of(us, alg=None)),
    "alg a list": lambda us, _they: with_header(us, header_of(us, alg=["RS256"])),
    "alg HS256 with the public key": lambda us, _they: confused(us),
    "alg RS512 by the right key": lambda us, _they: jwt.encode(
        claims(), us.key, algorithm="RS512", headers={"kid": tokens.key_id(us)}
    ),
    "alg PS256 by the right key": lambda us, _they: jwt.encode(
        claims(), us.key, algorithm="PS256", headers={"kid": tokens.key_id(us)}
    ),
    "alg ES256 under an RSA key's name": lambda us, _they: with_header(us, header_of(us, alg="ES256")),
    "header no JSON": lambda us, _they: with_header(us, b"{"),
    "header no object": lambda us, _they: with_header(us, b"[]"),
    "header null": lambda us, _they: with_header(us, b"null"),
    "header not UTF-8": lambda us, _they: with_header(us, b"\xff\xfe"),
    "header nested deep": lambda us, _they: with_header(us, b'{"alg":' + b"[" * 2_500 + b"]" * 2_500 + b"}"),
    "header with a long number": lambda us, _they: with_header(us, b'{"alg": ' + b"1" * 5_000 + b"}"),
    "another's key under the right name": lambda us, they: signed(they, header={"kid": tokens.key_id(us)}),
    "another's key under its own name": lambda _us, they: signed(they),
    "another's key, brought along": lambda _us, they: signed(they, header={"jwk": tokens.jwks(they)["keys"][0]}),
    "another's key, to be fetched": lambda _us, they: signed(they, header={"jku": "https://evil.test/jwks"}),
    "another's certificate": lambda _us, they: signed(they, header={"x5u": "https://evil.test/x", "x5c": ["MIIB"]}),
    "no kid": lambda us, _they: jwt.encode(claims(), us.key, algorithm="RS256"),
    "kid empty": lambda us, _they: signed(us, header={"kid": ""}),
    "kid a path": lambda us, _they: signed(us, header={"kid": "../../dev/null"}),
    "kid a list": lambda us, _they: with_header(us, header_of(us, kid=[tokens.key_id(us)])),
    "crit unknown": lambda us, _they: signed(us, header={"crit": ["exp"], "exp": 1}),
    "crit empty": lambda us, _they: signed(us, header={"crit": []}),
    "crit no list": lambda us, _they: signed(us, header={"crit": "b64"}),
    "b64 false": lambda us, _they: with_header(us, header_of(us, crit=["b64"], b64=False)),
    "typ of a logout token": lambda us, _they: signed(us, header={"typ": "logout+jwt"}),
    "typ of a nested token": lambda us, _they: with_header(us, header_of(us, typ="JWE")),
    "typ null": lambda us, _they: with_header(us, header_of(us, typ=None)),
    "iss another": lambda us, _they: signed(us, iss="https://evil.test"),
    "iss with a slash more": lambda us, _they: signed(us, iss=f"{ISSUER}/"),
    "iss missing": lambda us, _they: signed(us, iss=None),
    "aud another": lambda us, _they: signed(us, aud="billing"),
    "aud a prefix": lambda us, _they: signed(us, aud="car"),
    "aud others": lambda us, _they: signed(us, aud=["billing", "shop"]),
    "aud empty": lambda us, _they: signed(us, aud=[]),
    "aud missing": lambda us, _they: signed(us, aud=None),
    "exp missing": lambda us, _they: signed(us, exp=None),
    "exp past": lambda us, _they: signed(us, exp=int(time.time()) - 60),
    "exp a word": lambda us, _they: signed(us, exp="never"),
    "exp beyond all numbers": lambda us, _they: signed(us, exp=float("inf")),
    "nbf to come": lambda us, _they: signed(us, nbf=int(time.time()) + 600),
    "iat to come": lambda us, _they: signed(us, iat=int(time.time()) + 600),
    "iat missing": lambda us, _they: signed(us, iat=None),
    "sub missing": lambda us, _they: signed(us, sub=None),
    "sub empty": lambda us, _they: signed(us, sub=""),
    "sub blank": lambda us, _they: signed(us, sub="  "),
    "sub with a NUL": lambda us, _they: signed(us, sub="E1\x00"),
    "sub longer than an actor may be": lambda us, _they: signed(us, sub="E" * 65),
    "sub that reads like part of an idempotency key": lambda us, _they: signed(us, sub="E1|POST /v1/customers"),
    "100 kB": lambda us, _they: signed(us, padding="x" * 100_000),
    "one byte too many": lambda us, _they: signed(us).ljust(MAX_TOKEN_BYTES + 1, "x"),
}


def _resealed(token: str, **changes: Any) -> str:
    """Return `token` with other claims under the old signature."""
    header, _, signature = token.split(".")
    return f"{header}.{encoded(json.dumps(claims(**changes)).encode())}.{signature}"


async def refusal(authenticator: Authenticator, header: str | None) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        await authenticator.principal(header)
    return caught.value


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_is_refused(
    authenticator: Authenticator, signer: tokens.Signer, stranger: tokens.Signer, forge: Forge
) -> None:
    error = await refusal(authenticator, f"Bearer {forge(signer, stranger)}")
    assert (error.status_code, error.code) == (401, "unauthenticated")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic RTE6cGFzcw==", "bearer\tx", "Bearer  "])
async def test_a_header_without_a_token_is_refused(authenticator: Authenticator, header: str | None) -> None:
    error = await refusal(authenticator, header)
    assert (error.status_code, error.headers) == (401, {"WWW-Authenticate": "Bearer"})


async def test_a_valid_token_names_the_caller_and_its_known_roles(
    authenticator: Authenticator, signer: tokens.Signer
) -> None:
    principal = await authenticator.principal(f"Bearer {signed(signer, roles=['sales', 'leader', 'pope', 7, []])}")
    assert principal == Principal("E1", frozenset({Role.SALES, Role.LEADER}))


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "at+JWT"}, {"typ": "application/at+jwt"}])
@pytest.mark.parametrize("audience", ["care", ["shop", "care"]])
async def test_the_usual_spellings_of_a_valid_header_are_accepted(
    authenticator: Authenticator, signer: tokens.Signer, header: dict[str, str], audience: object
) -> None:
    token = signed(signer, header=header, aud=audience)
    assert (await authenticator.principal(f"bearer {token}")).subject == "E1"


@pytest.mark.parametrize("roles", ["ops", {"ops": True}, None, 7, [["ops"]]])
async def test_roles_that_are_not_a_list_are_ignored(
    authenticator: Authenticator, signer: tokens.Signer, roles: object
) -> None:
    assert (await authenticator.principal(f"Bearer {signed(signer, roles=roles)}")).roles == frozenset()


class Clock(SimpleNamespace):
    """A clock that a test moves."""

    now: float = 1_000_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return time.time() + self.now - Clock.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(auth, "time", made)
    return made


async def test_a_cached_token_is_verified_again_once_it_has_expired(
    authenticator: Authenticator, signer: tokens.Signer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = authenticator._verify

    async def counted(token: str) -> auth.Verified:
        verified.append(token)
        return await verify(token)

    monkeypatch.setattr(authenticator, "_verify", counted)
    header = f"Bearer {signed(signer, exp=int(time.time()) + 60)}"
    for _ in range(2):
        await authenticator.principal(header)
    assert len(verified) == 1
    clock.now += 100
    await authenticator.principal(header)
    assert len(verified) == 2


async def test_66_a_cached_token_is_refused_once_its_key_is_removed(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, stranger: tokens.Signer, clock: Clock
) -> None:
    header = f"Bearer {signed(signer, exp=int(time.time()) + 3_600)}"
    await authenticator.principal(header)
    issuer.publish(stranger)
    clock.now += KEYS_FRESH_SECONDS
    assert (await refusal(authenticator, header)).code == "unauthenticated"


async def test_66_a_cached_token_is_refused_once_its_key_id_names_another_key(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, stranger: tokens.Signer, clock: Clock
) -> None:
    header = f"Bearer {signed(signer, exp=int(time.time()) + 3_600)}"
    await authenticator.principal(header)
    issuer.publish(stranger)
    issuer.published = {tokens.key_id(signer): issuer.published[tokens.key_id(stranger)]}
    clock.now += KEYS_FRESH_SECONDS
    assert (await refusal(authenticator, header)).code == "unauthenticated"


async def test_66_a_known_key_does_not_wait_for_a_fetch_in_progress(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await authenticator.principal(f"Bearer {signed(signer)}")
    answered = asyncio.Event()

    async def slow(url: str) -> dict[str, PyJWK]:
        await answered.wait()
        return await issuer.fetch(url)

    monkeypatch.setattr(auth, "fetch", slow)
    clock.now += KEYS_FRESH_SECONDS
    fetching = asyncio.create_task(authenticator.principal(f"Bearer {signed(signer, sub='E2')}"))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await authenticator.principal(f"Bearer {signed(signer, sub='E3')}")).subject == "E3"
    answered.set()
    assert (await fetching).subject == "E2"


async def test_66_a_new_key_is_accepted_at_once(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, stranger: tokens.Signer, clock: Clock
) -> None:
    await authenticator.principal(f"Bearer {signed(signer)}")
    issuer.publish(signer, stranger)
    assert (await authenticator.principal(f"Bearer {signed(stranger)}")).subject == "E1"
    assert (issuer.asked, clock.now) == (2, Clock.now)


async def test_66_many_concurrent_requests_with_a_new_key_cause_one_fetch(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, stranger: tokens.Signer
) -> None:
    await authenticator.principal(f"Bearer {signed(signer)}")
    issuer.publish(signer, stranger)
    sent = [authenticator.principal(f"Bearer {signed(stranger, sub=f'E{number}')}") for number in range(20)]
    assert len(await asyncio.gather(*sent)) == 20
    assert issuer.asked == 2


async def test_66_an_emptied_key_set_ends_all_tokens(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, clock: Clock
) -> None:
    header = f"Bearer {signed(signer)}"
    await authenticator.principal(header)
    issuer.published = {}
    clock.now += KEYS_FRESH_SECONDS
    assert (await refusal(authenticator, header)).code == "unavailable"


async def test_66_a_response_with_an_empty_key_set_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await fetched(monkeypatch, httpx.Response(200, json={"keys": []})) == {}


async def test_66_a_token_may_be_valid_for_a_day_and_not_longer(
    authenticator: Authenticator, signer: tokens.Signer
) -> None:
    now = int(time.time())
    day = now + MAX_TOKEN_LIFETIME_SECONDS
    assert (await authenticator.principal(f"Bearer {signed(signer, iat=now, exp=day)}")).subject == "E1"
    for iat, exp in [(now, day + 1), (now - 3_600, day - 3_599), (now, 10**400)]:
        assert (await refusal(authenticator, f"Bearer {signed(signer, iat=iat, exp=exp)}")).code == "unauthenticated"


async def test_66_a_token_issued_later_than_now_cannot_exceed_the_longest_lifetime(
    authenticator: Authenticator, signer: tokens.Signer
) -> None:
    later = int(time.time()) + LEEWAY_SECONDS + 60
    token = signed(signer, iat=later, exp=later + MAX_TOKEN_LIFETIME_SECONDS)
    assert (await refusal(authenticator, f"Bearer {token}")).code == "unauthenticated"


async def test_no_more_tokens_are_cached_than_the_limit(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "CACHED_TOKENS", 2)
    authenticator = Authenticator(SETTINGS)
    headers = [f"Bearer {issuer.token(f'E{number}')}" for number in range(4)]
    subjects = [(await authenticator.principal(header)).subject for header in headers * 2]
    assert subjects == ["E0", "E1", "E2", "E3"] * 2
    assert len(authenticator._verified) == 2


async def test_keys_are_fetched_once_for_many_requests(
    authenticator: Authenticator, issuer: Issuer, clock: Clock
) -> None:
    for number in range(20):
        await authenticator.principal(f"Bearer {issuer.token(f'E{number}')}")
    assert issuer.asked == 1
    assert clock.now == Clock.now


async def test_66_a_flood_of_unknown_keys_causes_few_fetches_in_a_window(
    authenticator: Authenticator, issuer: Issuer, stranger: tokens.Signer, clock: Clock
) -> None:
    await authenticator.principal(f"Bearer {issuer.token()}")
    for window in (1, 2):
        for number in range(50):
            await refusal(authenticator, f"Bearer {signed(stranger, header={'kid': f'k{number}'})}")
        assert issuer.asked == window * MAX_FETCHES_IN_WINDOW
        clock.now += FETCH_WINDOW_SECONDS


async def test_a_new_key_is_accepted_and_the_old_one_is_valid_while_it_is_published(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, stranger: tokens.Signer, clock: Clock
) -> None:
    await authenticator.principal(f"Bearer {signed(signer)}")
    issuer.publish(signer, stranger)
    assert (await authenticator.principal(f"Bearer {signed(stranger, sub='E2')}")).subject == "E2"
    assert (await authenticator.principal(f"Bearer {signed(signer, sub='E3')}")).subject == "E3"
    issuer.publish(stranger)
    clock.now += KEYS_FRESH_SECONDS
    assert (await refusal(authenticator, f"Bearer {signed(signer, sub='E4')}")).status_code == 401


async def test_while_the_issuer_is_unavailable_its_known_keys_are_used(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, clock: Clock
) -> None:
    await authenticator.principal(f"Bearer {signed(signer)}")
    issuer.away = True
    clock.now += KEYS_FRESH_SECONDS + 1
    assert (await authenticator.principal(f"Bearer {signed(signer, sub='E2')}")).subject == "E2"
    assert authenticator.keys.usable()


async def test_after_a_day_without_the_issuer_all_tokens_are_refused(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, clock: Clock
) -> None:
    await authenticator.principal(f"Bearer {signed(signer)}")
    issuer.away = True
    clock.now += KEYS_USABLE_SECONDS + 1
    error = await refusal(authenticator, f"Bearer {signed(signer, sub='E2')}")
    assert (error.code, error.headers) == ("unavailable", {"Retry-After": "2"})


async def test_without_any_keys_all_tokens_are_refused_and_fetches_are_limited(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer, clock: Clock
) -> None:
    issuer.away = True
    for _ in range(20):
        assert (await refusal(authenticator, f"Bearer {signed(signer)}")).code == "unavailable"
    assert issuer.asked == 1
    issuer.away = False
    clock.now += 1
    assert (await authenticator.principal(f"Bearer {signed(signer)}")).subject == "E1"


async def test_an_issuer_without_keys_means_that_all_tokens_are_refused(
    authenticator: Authenticator, issuer: Issuer, signer: tokens.Signer
) -> None:
    issuer.published = {}
    assert (await refusal(authenticator, f"Bearer {signed(signer)}")).code == "unavailable"


async def fetched(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> dict[str, PyJWK]:
    """Return the keys read from an issuer that answers with `answer`."""

    async def send(_self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        answer.request = request
        return answer

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", send)
    return await auth.fetch(SETTINGS.jwks_url)


async def test_a_key_of_an_unsupported_kind_does_not_affect_the_others(
    monkeypatch: pytest.MonkeyPatch, signer: tokens.Signer
) -> None:
    good = tokens.jwks(signer)["keys"][0]
    strange = [{"kid": "x", "kty": "ML"}, {"kid": "y", "kty": "RSA"}, good | {"kid": None}, good | {"kid": "", "x": 1}]
    sealing = good | {"kid": "seal", "use": "enc"}
    keys = await fetched(monkeypatch, httpx.Response(200, json={"keys": [*strange, sealing, "z", good]}))
    assert list(keys) == [tokens.key_id(signer)]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"keys": {"kid": "x"}}),
        httpx.Response(200, json={"keys": [{"kty": "RSA"}]}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=None),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(302, headers={"Location": "https://evil.test/jwks"}),
        httpx.Response(404),
        httpx.Response(500),
    ],
)
async def test_any_other_response_of_the_issuer_counts_as_unavailable(
    monkeypatch: pytest.MonkeyPatch, signer: tokens.Signer, answer: httpx.Response
) -> None:
    with pytest.raises((httpx.HTTPError, jwt.PyJWTError, ValueError)):
        await fetched(monkeypatch, answer)
    assert (await refusal(Authenticator(SETTINGS), f"Bearer {signed(signer)}")).code == "unavailable"
