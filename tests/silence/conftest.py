"""The database of the alerts service, as the service opens it, and as a rebuild does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from chassis.consume.rebuild import SESSION
from chassis.postgres.database import Pool, open_pool
from tests.support.servers import Servers


@dataclass(frozen=True)
class Databases:
    app: Pool
    owner: Pool


@pytest.fixture
async def databases(running: Servers) -> AsyncIterator[Databases]:
    database = await running.database("alerts")
    app = await open_pool(database.app, size=5, application_name="tests")
    owner = await open_pool(
        database.admin, size=5, application_name="tests", session={**SESSION, "role": "care_migrator"}
    )
    yield Databases(app, owner)
    await app.close()
    await owner.close()
