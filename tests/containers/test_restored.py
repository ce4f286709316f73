"""A base backup of the whole cluster, as docs/operations.md asks for, brings back a lost database server."""

from pathlib import Path

import pytest

from demo.client import Client
from tests.containers.customers import known_everywhere, registered
from tests.containers.stack import SERVICES, Stack
from tests.support.waiting import eventually

pytestmark = pytest.mark.nightly
# One tar of the cluster and of the WAL that it needs, written to standard output.
BASE_BACKUP = ("pg_basebackup", "--username=postgres", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", "-D-")
EMPTY = 'find "$PGDATA" -mindepth 1 -delete && test -z "$(ls -A "$PGDATA")"'
UNPACK = 'tar -x -C "$PGDATA"'


async def test_a_lost_server_is_restored_from_a_backup_of_its_end(stack: Stack, client: Client, tmp_path: Path) -> None:
    customer_id = await registered(client, "in the backup")
    await known_everywhere(client, customer_id)
    stack.compose("stop", *SERVICES)
    take_backup(stack, tmp_path / "base.tar")
    lose_and_restore(stack, tmp_path / "base.tar")
    stack.up()
    await known_everywhere(client, customer_id)
    await known_everywhere(client, await registered(client, "after the restore"))

    async def is_well() -> bool:
        return await stack.problems() == []

    await eventually(is_well)


def take_backup(stack: Stack, file: Path) -> None:
    with file.open("wb") as output:
        stack.compose("exec", "--no-TTY", "postgres", *BASE_BACKUP, output=output)


def lose_and_restore(stack: Stack, file: Path) -> None:
    """Delete the data folder of the server, and fill it from the backup. The services and the server are stopped."""
    stack.compose("stop", "postgres")
    in_volume = ("run", "--rm", "--no-deps", "--no-TTY", "--entrypoint=bash", "postgres", "-c")
    stack.compose(*in_volume, EMPTY)
    with file.open("rb") as backup:
        stack.compose(*in_volume, UNPACK, given=backup)
