"""Fixtures of the fault tests: one token issuer, and for each test a deployment of its own on the run's servers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.postgres.database import Pool
from deploy.stack.infrastructure import temporary_data_dir
from tests.faults.support.deployment import Deployment, Issuer, as_admin, issuer_process, pool_at
from tests.faults.support.ledger import Ledger
from tests.support.pipeline import Pipeline
from tests.support.servers import Database, Servers


@pytest.fixture(scope="package", autouse=True)
async def _durable(running: Servers) -> AsyncIterator[None]:
    """PostgreSQL has its durable defaults. The other tests run without fsync."""
    await running.set_fsync(on=True)
    yield
    await running.set_fsync(on=False)


@pytest.fixture(scope="session")
async def issuer() -> AsyncIterator[Issuer]:
    with temporary_data_dir() as data_dir:
        async with issuer_process(data_dir) as running:
            yield running


@pytest.fixture
async def deployment(running: Servers, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Deployment]:
    started = Deployment(running, issuer, tmp_path)
    yield started
    await started.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
async def watched(pipeline: Pipeline, database: Database) -> Pipeline:
    """A pipeline whose table accepts the same event twice, so that a duplicate effect is visible."""
    await as_admin(database, "ALTER TABLE seen DROP CONSTRAINT seen_pkey")
    return pipeline


@pytest.fixture
async def reporting(running: Servers) -> AsyncIterator[Database]:
    async with running.passing("reporting") as started:
        yield started


@pytest.fixture
async def read_model(reporting: Database) -> AsyncIterator[Pool]:
    async with pool_at(reporting.app) as opened:
        yield opened
