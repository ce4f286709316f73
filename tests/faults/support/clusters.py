"""A test's own PostgreSQL clusters, which can be filled up, promoted and fenced. Kafka is shared."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.stack import account, command, credentials, databases, postgres, postgres_binaries, providers
from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.ports import free_port
from deploy.stack.providers import Server, StartOptions
from tests.faults.support.deployment import host_and_port
from tests.support.servers import Servers

COPIER = "pg_basebackup"
KEPT = "credentials.json"
BLOCK_BYTES = 64 * 1024


@asynccontextmanager
async def own_cluster(running: Servers, data_dir: Path) -> AsyncIterator[Servers]:
    """Run a cluster with all its files in `data_dir`, in place of the shared one."""
    async with started(data_dir) as server:
        templates = await databases.prepare(server.address, credentials.load(data_dir))
        infrastructure = replace(
            running.infrastructure,
            postgres_admin_url=server.address,
            postgres_label=server.label,
            children=server.children,
        )
        yield Servers(infrastructure, templates)


def started(data_dir: Path) -> AbstractAsyncContextManager[Server]:
    options = StartOptions(data_dir, free_port(), credentials.load(data_dir), lambda _text: None)
    return providers.start_server("PostgreSQL", postgres.providers(), options)


@asynccontextmanager
async def standby_of(primary_dir: Path, data_dir: Path, link: str) -> AsyncIterator[int]:
    """Copy the cluster of `primary_dir` into `data_dir` over `link`, start it as a standby, and yield its port."""
    programs = next(iter(postgres_binaries.on_this_machine()), None)
    if programs is None or not (programs.folder / COPIER).exists():
        pytest.skip(f"this machine has no {COPIER} to make a standby with")
    credentials.write_private(data_dir / KEPT, (primary_dir / KEPT).read_text())
    runner = account.server_account()
    target = account.make_folder(data_dir / "postgres", runner) / "cluster"
    copying = [str(programs.folder / COPIER), "-D", str(target), "-d", link, "--write-recovery-conf"]
    await command.run([*copying, "--checkpoint=fast"], failing=COPIER, folder=Path("/"), runner=runner)
    async with started(data_dir) as server:
        _, port = host_and_port(server.address)
        yield port


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a file system in memory of this size; skip the test if it cannot be mounted."""
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
    """Fill the disk completely; return the file to remove to free the space."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        while free_bytes(disk):
            file.write(bytes(min(BLOCK_BYTES, free_bytes(disk))))
    return ballast


def free_bytes(disk: Path) -> int:
    return shutil.disk_usage(disk).free
