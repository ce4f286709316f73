"""All benchmarks run in one go, short: what one leaves behind does not stop the next."""

import asyncio
import json
import sys

import pytest

from deploy.stack.layout import PROJECT
from tests.bench.harness.report import RESULTS

DEADLINE_SECONDS = 900.0
OF_THE_LAST_PIECES = {"fact insert", "memory of reporting after load", "alert latency p99"}


@pytest.mark.nightly
async def test_all_benchmarks_run_in_one_go() -> None:
    RESULTS.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench", "--quick"), cwd=PROJECT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    names = {json.loads(line)["name"] for line in RESULTS.read_text().splitlines()}
    assert names >= OF_THE_LAST_PIECES
