"""Runs `./care` as a user does, and types what the README's tour says."""

import asyncio
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.stack.layout import PROJECT

TIMEOUT_SECONDS = 300.0
TOURS = {"README.md": "## Five-minute tour\n", "README.zh-CN.md": "## 五分钟上手\n"}
# What the tour types, besides our own commands.
TOUR_TOOLS = ("bash", "curl", "jq", "psql")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    output: str
    errors: str

    @property
    def document(self) -> Any:
        return json.loads(self.output)


async def care(data_dir: Path, *arguments: str, **variables: str) -> Ended:
    return await ended(data_dir, str(PROJECT / "care"), *arguments, **variables)


async def typed(data_dir: Path, blocks: list[str]) -> Ended:
    """Type the blocks into one shell, in the project's folder."""
    return await ended(data_dir, "bash", "-c", "\n".join(["set -e", *blocks]))


async def ended(data_dir: Path, *command: str, **variables: str) -> Ended:
    environment = {**os.environ, "CARE_DATA_DIR": str(data_dir), **variables}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=PROJECT,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return Ended(await process.wait(), output.decode(), errors.decode())


def tour(page: str = "README.md") -> list[str]:
    """Return what the tour says to type."""
    text = (PROJECT / page).read_text("utf-8").partition(TOURS[page])[2].partition("\n## ")[0]
    return BLOCK.findall(text)


def tour_is_possible() -> bool:
    return all(map(shutil.which, TOUR_TOOLS))


def require_tour(shown: Ended) -> None:
    """Fail unless the tour printed what the README says."""
    assert shown.code == 0, f"{shown.output}\n{shown.errors}"
    assert shown.output.startswith("HTTP/1.1 201 Created")
    assert '"status": "firing"' in shown.output
    assert '"overdue_tasks": 1' in shown.output
    assert '["inactivity","resolved","cleared"]' in shown.output
    assert '["missed-follow-up","resolved","cleared"]' in shown.output
    assert '"code": "illegal-transition"' in shown.output
    assert '["care.followup.task-completed.v1"' in shown.output
    assert re.search(r'\["[0-9a-f-]{36}","care\.alert\.raised\.v1"\]', shown.output)
    assert "inactivity" in shown.output.partition("| open")[2]
    assert re.search(r"customers: (created|unchanged) 3", shown.output)
