"""Runs a command with a time limit. If it fails, the error contains its last lines of output."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.stack.account import Account
from deploy.stack.errors import StackError

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
    """Return the output of the command. If it fails, raise `StackError` with a message that starts with `failing`."""
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
        raise StackError(f"{failing}: it took more than {timeout_seconds:.0f} seconds.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    printed = output.decode(errors="replace")
    if process.returncode != 0:
        raise StackError("\n".join([f"{failing}:", *printed.splitlines()[-LAST_LINES:]]))
    return printed
