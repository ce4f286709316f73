"""Running a tool to its end, with a time limit and its last words when it fails."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.stack.account import Account
from deploy.stack.errors import CannotRun

TIMEOUT_SECONDS = 600.0
LAST_LINES = 8


async def run(
    command: Sequence[str],
    *,
    failing: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    runner: Account | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> str:
    """Return what the command printed; raise `CannotRun`, opening with `failing`, if it did not succeed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        env={**os.environ, **(environment or {})},
        cwd=folder,
        user=runner.uid if runner else None,
        group=runner.gid if runner else None,
        extra_groups=[] if runner else None,
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        raise CannotRun(f"{failing}: it took more than {timeout_seconds:.0f} seconds.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    printed = output.decode(errors="replace")
    if process.returncode != 0:
        raise CannotRun("\n".join([f"{failing}:", *printed.splitlines()[-LAST_LINES:]]))
    return printed
