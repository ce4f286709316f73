"""An issuer in memory, and an application that trusts it: what the tests of the edge stand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from fastapi import APIRouter, FastAPI
from jwt import PyJWK

from chassis.http.auth import Authenticator
from chassis.http.paging import Cursors
from chassis.http.probes import Check
from chassis.http.web import create_app
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from deploy.stack import tokens
from tests.support.event_streams import STREAMS, beginning

ISSUER = "https://issuer.test"
SETTINGS = Settings.model_validate(
    {"database_url": "unused", "issuer": ISSUER, "jwks_url": f"{ISSUER}/jwks", "pseudonym_key": "k" * 32}
)
CURSORS = Cursors("k" * 32)


@dataclass
class Issuer:
    """What the issuer's address answers; `fetch` takes the place of the call over the network."""

    signer: tokens.Signer
    published: dict[str, PyJWK] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    def __post_init__(self) -> None:
        self.publish(self.signer)

    def publish(self, *signers: tokens.Signer) -> None:
        self.published = {key["kid"]: PyJWK(key) for signer in signers for key in tokens.jwks(signer)["keys"]}

    async def fetch(self, _url: str) -> dict[str, PyJWK]:
        self.asked += 1
        if self.away:
            raise httpx.ConnectError("the issuer is away")
        return dict(self.published)

    def token(self, subject: str = "E1007", role: str = "sales") -> str:
        return tokens.mint(self.signer, subject, [role])

    def headers(self, subject: str = "E1007", role: str = "sales", **others: str) -> dict[str, str]:
        """Return the headers of a request of `subject`; `if_match="…"` and the like are added."""
        named = {name.replace("_", "-"): value for name, value in others.items()}
        return {"Authorization": f"Bearer {self.token(subject, role)}", **named}


def app_of(
    *routers: APIRouter, supervisor: Supervisor | None = None, checks: Mapping[str, Check] | None = None
) -> FastAPI:
    """Return an application as services build theirs."""
    return create_app(
        "Customer",
        routers,
        authenticator=Authenticator(SETTINGS),
        cursors=CURSORS,
        supervisor=supervisor or Supervisor(),
        checks=dict(checks or {}),
    )


class Transport(httpx.ASGITransport):
    """Calls an application, and reads only the beginning of a stream that would not end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path in STREAMS:
            return await beginning(self.app, request)
        return await super().handle_async_request(request)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that sees what a caller over the network would see, also of a failure."""
    transport = Transport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://care.test")
