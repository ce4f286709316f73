"""An upgrade from an older version: its data stays, and its databases are migrated."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.containers.customers import known_everywhere, registered
from tests.containers.stack import SERVICES, Stack, new_stack, run

pytestmark = pytest.mark.nightly
MIGRATIONS = ":(glob)services/*/schema/migrations/*.sql"
IMAGE = "customer-lifecycle:older"


async def test_an_upgrade_migrates_the_databases_and_keeps_every_customer(tmp_path: Path) -> None:
    older = older_version(tmp_path)
    with new_stack() as stack:
        try:
            stack.up(changes(older, tmp_path))
            async with stack.client() as client:
                known = [await registered(client, f"older {number}") for number in range(5)]
                for customer_id in known:
                    await known_everywhere(client, customer_id)
            before = applied(stack)
            stack.up()
            assert sum(applied(stack).values()) > sum(before.values())
            async with stack.client() as client:
                for customer_id in [*known, await registered(client, "newer")]:
                    await known_everywhere(client, customer_id)
            assert await stack.problems() == []
        finally:
            stack.down()
            stack.engine("image", "rm", "--force", IMAGE)


def older_version(folder: Path) -> Path:
    """Unpack the version before the newest migration. Skip the test where there is no history."""
    asked = ["git", "log", "-1", "--format=%H", "--diff-filter=A", "--", MIGRATIONS]
    try:
        added = run(asked)
    except (AssertionError, FileNotFoundError) as error:
        pytest.skip(f"This is no checkout with history, so there is no older version: {error}")
    with (folder / "older.tar").open("wb") as output:
        run(["git", "archive", f"{added}^"], output=output)
    (folder / "older").mkdir()
    shutil.unpack_archive(folder / "older.tar", folder / "older", filter="data")
    return folder / "older"


def changes(older: Path, folder: Path) -> Path:
    """Return a Compose file that builds and runs the older version."""
    parts = {"bootstrap": {"build": {"context": str(older)}}, "issuer": {}, **{name: {} for name in SERVICES}}
    file = folder / "older.yml"
    file.write_text(yaml.safe_dump({"services": {name: {"image": IMAGE, **part} for name, part in parts.items()}}))
    return file


def applied(stack: Stack) -> dict[str, int]:
    """Return how many migrations each database has."""
    counted = "SELECT count(*) FROM schema_migrations"
    ask = ("psql", "--username=postgres", "--tuples-only", "--no-align", "--command", counted, "--dbname")
    return {service: int(stack.inside("postgres", *ask, f"care_{service}")) for service in SERVICES}
