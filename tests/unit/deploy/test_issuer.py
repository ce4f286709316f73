"""The development issuer's tokens can be checked with its public key, and say what was asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest

from deploy.stack import tokens
from deploy.stack.issuer import create_app
from deploy.stack.tokens import Signer

ISSUER = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("issuer")


@pytest.fixture(scope="module")
def signer(folder: Path) -> Signer:
    return tokens.signer(folder, ISSUER)


@pytest.fixture
async def client(signer: Signer) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(signer))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
        yield client


async def test_a_token_can_be_checked_with_the_published_key(client: httpx.AsyncClient) -> None:
    asked = {"subject": "ana", "roles": ["sales", "leader"], "expires_in_seconds": 60}
    answer = (await client.post("/token", json=asked)).json()
    keys = jwt.PyJWKSet.from_dict((await client.get("/.well-known/jwks.json")).json())
    header = jwt.get_unverified_header(answer["access_token"])
    claims = jwt.decode(answer["access_token"], keys[header["kid"]], ["RS256"], audience="care", issuer=ISSUER)
    assert header["typ"] == "at+jwt"
    assert (claims["sub"], claims["roles"]) == ("ana", ["sales", "leader"])
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 60


async def test_discovery_names_the_issuer_and_where_its_keys_are(client: httpx.AsyncClient) -> None:
    found = (await client.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert found["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"


async def test_it_says_that_it_is_for_development_only(client: httpx.AsyncClient) -> None:
    assert "For development only" in (await client.get("/")).json()["notice"]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"roles": ["sales"]}, "subject"),
        ({"subject": "ana", "roles": ["Sales!"]}, "roles.0"),
        ({"subject": "ana", "expires_in_seconds": 86_401}, "expires_in_seconds"),
        ({"subject": "ana", "role": "sales"}, "role"),
        ({"subject": "a" * 20_000}, "too large"),
    ],
)
async def test_a_wrong_request_is_told_what_is_wrong(
    client: httpx.AsyncClient, asked: dict[str, object], complaint: str
) -> None:
    answer = await client.post("/token", json=asked)
    assert answer.is_client_error
    assert complaint in answer.json()["detail"]


def test_the_key_and_its_id_outlive_a_restart(folder: Path, signer: Signer) -> None:
    assert tokens.key_id(tokens.signer(folder, ISSUER)) == tokens.key_id(signer)


def test_a_token_can_be_made_that_has_expired(signer: Signer) -> None:
    token = tokens.mint(signer, "ana", ["sales"], expires_in_seconds=-60)
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, signer.key.public_key(), ["RS256"], audience="care")
