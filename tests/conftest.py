"""Fixtures: real servers, made once when the first test asks for them."""

import sys
from collections.abc import AsyncIterator

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from chassis.http import auth
from chassis.postgres.database import Pool, open_pool
from chassis.store.event_store import EventStore
from deploy.stack import tokens
from deploy.stack.infrastructure import temporary_data_dir
from tests.support import distribution
from tests.support.pipeline import Pipeline, new_pipeline
from tests.support.servers import Database, Servers, servers
from tests.unit.chassis.issuer import ISSUER, Issuer

# The pretty tracebacks that are the default take seconds each, within which the faults go on.
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


# How long an example takes says more of the machine and its load than of our code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    structlog.configure(processors=[structlog.processors.add_log_level, PLAIN])


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> tokens.Signer:
    """A key of the issuer. It takes a tenth of a second to make, so all tests have the same."""
    return tokens.signer(tmp_path_factory.mktemp("issuer"), ISSUER)


@pytest.fixture
def issuer(signer: tokens.Signer, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """An issuer in memory, whose keys every Authenticator of the test fetches."""
    made = Issuer(signer)
    monkeypatch.setattr(auth, "fetch", made.fetch)
    return made


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Servers]:
    """PostgreSQL and Kafka for this run; the run's first lines say which."""
    with temporary_data_dir() as data_dir:
        async with servers(data_dir) as made:
            labels = made.infrastructure.postgres_label, made.infrastructure.kafka_label
            sys.stderr.write(f"\nservers: {', '.join(labels)}\n")
            await made.set_fsync(on=False)
            yield made


@pytest.fixture
async def database(running: Servers) -> AsyncIterator[Database]:
    """A fresh database with the customer service's schema: store, consumer and imports tables."""
    async with running.passing("customer") as made:
        yield made


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.app, size=10, application_name="tests")
    yield opened
    await opened.close()


@pytest.fixture
def store(pool: Pool) -> EventStore:
    return EventStore(pool)


@pytest.fixture
async def pipeline(running: Servers, database: Database, pool: Pool, store: EventStore) -> Pipeline:
    """A store, a topic of its own, and a table of what a consumer has seen."""
    return await new_pipeline(pool, store, running.infrastructure.kafka_bootstrap, database.admin)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "nightly: too long for every change; asked for by `-m nightly`")
    if distribution.is_one_of_several():
        distribution.take_own_ports()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> distribution.ScopeDistribution:
    return distribution.ScopeDistribution(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the nightly tests out unless they are asked for by `-m`."""
    if distribution.is_one_of_several():
        distribution.sort_longest_first(items)
    if "nightly" in (config.option.markexpr or ""):
        return
    nightly = [item for item in items if item.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=nightly)
    items[:] = [item for item in items if item not in nightly]
