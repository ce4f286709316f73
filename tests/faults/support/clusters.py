"""PostgreSQL clusters of one test's own, to be filled up, promoted and fenced; Kafka stays the run's."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.stack import credentials, databases, ladder, postgres
from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.ladder import Premises
from deploy.stack.ports import free_port
from tests.support.servers import Servers

BLOCK_BYTES = 64 * 1024


@asynccontextmanager
async def own_cluster(running: Servers, data_dir: Path) -> AsyncIterator[Servers]:
    """Run a cluster whose files are all in `data_dir`, in place of the run's own."""
    secrets = credentials.load(data_dir)
    premises = Premises(data_dir, free_port(), secrets, lambda _text: None)
    async with ladder.climb("PostgreSQL", postgres.rungs(), premises) as server:
        templates = await databases.prepare(server.address, secrets)
        infrastructure = replace(
            running.infrastructure,
            postgres_admin_url=server.address,
            postgres_label=server.label,
            children=server.children,
        )
        yield Servers(infrastructure, templates)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a file system in memory that holds no more than this; skip the test where nothing can be mounted."""
    with temporary_data_dir() as folder:
        disk = folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "small", str(disk)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this machine mounts no small disk: {done.stderr.strip()}")
        try:
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte free; returns what to remove to have the space back."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        while free_bytes(disk):
            file.write(bytes(min(BLOCK_BYTES, free_bytes(disk))))
    return ballast


def free_bytes(disk: Path) -> int:
    return shutil.disk_usage(disk).free
