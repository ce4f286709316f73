"""Fixtures: the alerts service as operations use it."""

from collections.abc import AsyncIterator

import pytest

from chassis.http import auth
from chassis.postgres.database import open_pool
from deploy.stack import tokens
from tests.support.rule_desk import RuleDesk
from tests.support.servers import Servers
from tests.unit.chassis.issuer import ISSUER, Issuer


@pytest.fixture
async def desk(
    running: Servers, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RuleDesk]:
    """The service with the shipped rules, without customers."""
    issuer = Issuer(tokens.signer(tmp_path_factory.mktemp("issuer"), ISSUER))
    monkeypatch.setattr(auth, "fetch", issuer.fetch)
    pool = await open_pool((await running.database("alerts")).app, size=4, application_name="tests")
    made = RuleDesk(pool, issuer)
    async with made.http:
        yield made
    await pool.close()
