"""Limits a process to a share of one core, so that the service is overloaded and not the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

PERIOD_MICROSECONDS = 100_000
GROUPS = Path("/sys/fs/cgroup")


@contextmanager
def share_of_a_core(process: int, share: float) -> Iterator[None]:
    """Limit `process` to `share` of a core; skip the test if control groups cannot be created."""
    quota = int(share * PERIOD_MICROSECONDS)
    first = (GROUPS / "cgroup.controllers").exists()
    folder = (GROUPS if first else GROUPS / "cpu") / f"tests-{uuid4().hex[:8]}"
    try:
        folder.mkdir()
        if first:
            (folder / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
        else:
            (folder / "cpu.cfs_quota_us").write_text(f"{quota}")
        (folder / "cgroup.procs").write_text(f"{process}")
    except OSError as error:
        pytest.skip(f"this machine cannot limit a process to a share of a core: {error}")
    try:
        yield
    finally:
        (folder.parent / "cgroup.procs").write_text(f"{process}")
        folder.rmdir()
