"""Fixtures: an issuer whose key is made once, published to every Authenticator of the test."""

import pytest
import structlog

from chassis.http import auth
from deploy.stack import tokens
from tests.unit.chassis.issuer import ISSUER, Issuer


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> tokens.Signer:
    return tokens.signer(tmp_path_factory.mktemp("issuer"), ISSUER)


@pytest.fixture
def issuer(signer: tokens.Signer, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    made = Issuer(signer)
    monkeypatch.setattr(auth, "fetch", made.fetch)
    return made


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Log as services do: the developer's rendering of a traceback takes seconds."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
