"""Finds installed PostgreSQL programs, and those that can open existing data."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.errors import StackError

# The oldest supported version.
MINIMUM_MAJOR = 15
PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def on_this_machine() -> list[Binaries]:
    """Return all installed PostgreSQL servers that are new enough, newest first."""
    folders = {folder.resolve() for folder in _candidates()}
    found = [binaries for folder in folders if (binaries := inspect(folder)) is not None]
    recent = [binaries for binaries in found if binaries.major >= MINIMUM_MAJOR]
    return sorted(recent, key=lambda binaries: binaries.major, reverse=True)


def inspect(folder: Path) -> Binaries | None:
    """Return the server programs in `folder`; None if they are incomplete."""
    if not all((folder / program).exists() for program in ("postgres", "initdb")):
        return None
    answer = _output([str(folder / "postgres"), "--version"])
    version = re.search(r"\d+(\.\d+)?", answer)
    return Binaries(folder, version.group()) if version else None


def written_by(cluster: Path) -> int | None:
    """Return the major version that wrote the data in `cluster`; None if there is no data yet."""
    mark = cluster / "PG_VERSION"
    return int(mark.read_text()) if mark.exists() else None


def pick(found: Sequence[Binaries], needed_major: int | None) -> Binaries:
    """Return the newest programs, or those that can open existing data. Raise `StackError` if there are none."""
    for binaries in found:
        if needed_major in (None, binaries.major):
            return binaries
    versions = ", ".join(binaries.version for binaries in found) or "none"
    raise StackError(
        f"The local data was written by PostgreSQL {needed_major}, but only these versions were found: {versions}. "
        f"Install PostgreSQL {needed_major}, or delete the local data: ./care reset"
    )


def _candidates() -> Iterable[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    # Without an answer, the path would be that of the working directory.
    if shutil.which("pg_config") and (folder := _output(["pg_config", "--bindir"])):
        yield Path(folder)
    for pattern in PATTERNS:
        yield from Path("/").glob(pattern)


def _output(command: list[str]) -> str:
    """Return what a command prints; nothing if it cannot be run."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
