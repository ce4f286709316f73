"""The reporting service on its own database: its read model is filled with the story, its API runs in-process."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from jwt import PyJWK

from chassis.consume.applier import Applier, Batch
from chassis.consume.delivery import Delivery
from chassis.consume.positions import Progress, Source
from chassis.http.auth import Authenticator
from chassis.migrate import Schema, migrate
from chassis.postgres.database import Pool, open_pool
from chassis.postgres.views import Views
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from contracts.event import Envelope
from deploy.stack import tokens
from services.reporting import projection
from services.reporting.__main__ import build
from services.reporting.schema import HERE, SCHEMA
from tests.support.facts import TOPIC_OF, fact_of
from tests.support.http_retry import patiently
from tests.support.servers import Database, Servers
from tests.unit.chassis.issuer import SETTINGS
from tests.unit.reporting.story import IN_TOPIC_ORDER

# When, by transaction, each view and what it selects were last written.
MADE_AT = """
    SELECT c.relname, c.xmin::text, r.xmin::text AS rule FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
    WHERE c.relnamespace = 'bi'::regnamespace ORDER BY 1
"""
Get = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def reporting(running: Servers) -> AsyncIterator[Database]:
    async with running.passing("reporting") as made:
        yield made


@pytest.fixture
async def read_model(reporting: Database) -> AsyncIterator[Pool]:
    """An empty read model."""
    opened = await open_pool(reporting.app, size=5, application_name="tests")
    yield opened
    await opened.close()


@pytest.fixture
async def reporting_admin(reporting: Database) -> AsyncIterator[Pool]:
    """The same database, as its administrator."""
    opened = await open_pool(reporting.admin, size=2, application_name="tests")
    yield opened
    await opened.close()


@pytest.fixture
def owner(running: Servers, reporting: Database) -> str:
    """The address of the database for who owns its tables."""
    return urlunsplit(urlsplit(running.templates.migrator["reporting"])._replace(path=urlsplit(reporting.admin).path))


@pytest.fixture
def changed(tmp_path: Path) -> Schema:
    """The reporting service's schema, its views in a folder where a test may change them."""
    shutil.copytree(HERE / "views", tmp_path / "views")
    return replace(SCHEMA, views=Views("bi", tmp_path / "views"))


def rewrite(schema: Schema, view: str, old: str, new: str) -> None:
    assert schema.views
    file = schema.views.folder / f"{view}.sql"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


async def apply(schema: Schema, owner: str) -> None:
    await asyncio.to_thread(migrate, schema, owner)


async def feed(pool: Pool, facts: Sequence[Envelope[Any]]) -> None:
    """Apply facts as one batch, each topic's from where it stood, as the consumer does."""
    await feed_applier(Applier("reporting", pool, projection.apply), facts)


async def feed_applier(applier: Applier, facts: Sequence[Envelope[Any]]) -> None:
    batches: dict[Source, tuple[Progress, Batch]] = {}
    for fact in facts:
        source = Source(TOPIC_OF[type(fact.event)].name, 0)
        if source not in batches:
            batches[source] = (await applier.progress(source), Batch())
        batch = batches[source][1]
        batch.deliveries.append(
            Delivery(source, fact.position, fact.position - 1, fact.subject, {}, None, fact_of(fact))
        )
        batch.progress = Progress(fact.position, fact.recorded_at)
    await applier.apply(batches)


@pytest.fixture
async def story(read_model: Pool) -> Pool:
    """A read model that has heard the story."""
    await feed(read_model, IN_TOPIC_ORDER)
    return read_model


@pytest.fixture
async def get(story: Pool, signer: tokens.Signer) -> AsyncIterator[Get]:
    """Read an address as somebody: `await get("/v1/tasks", "E1007", "sales")`."""
    authenticator = Authenticator(SETTINGS)
    authenticator.keys._keys = {key["kid"]: PyJWK(key) for key in tokens.jwks(signer)["keys"]}
    authenticator.keys._fetched_at = time.monotonic()
    app = build(ServiceContext(SETTINGS, story, Supervisor(), authenticator)).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting") as client:

        async def read(path: str, subject: str = "ops", role: str = "ops", **params: Any) -> httpx.Response:
            token = tokens.mint(signer, subject, [role])
            headers = {"Authorization": f"Bearer {token}"}
            return await patiently(lambda: client.get(path, params=params or None, headers=headers))

        yield read
