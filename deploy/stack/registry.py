"""The data folders of the stacks that this user runs, so that a command can name a stack in another folder."""

import hashlib
from contextlib import suppress
from pathlib import Path

from deploy.stack.cache import cache_folder


def add(data_dir: Path) -> None:
    """Remember a data folder, and forget those that were deleted. Without a writable cache folder, nothing is kept."""
    with suppress(OSError):
        for entry, folder in _entries():
            if not folder.exists():
                entry.unlink(missing_ok=True)
        _entry(data_dir).parent.mkdir(parents=True, exist_ok=True)
        _entry(data_dir).write_text(str(data_dir.absolute()), "utf-8")


def remove(data_dir: Path) -> None:
    with suppress(OSError):
        _entry(data_dir).unlink(missing_ok=True)


def others(data_dir: Path) -> list[Path]:
    """Return the remembered data folders, except this one. A killed stack is among them until its folder is deleted."""
    return [folder for _, folder in _entries() if folder != data_dir.absolute() and folder.exists()]


def _entries() -> list[tuple[Path, Path]]:
    """Return the files, and the data folder that each of them names."""
    found = []
    for entry in sorted(_folder().glob("*.txt")):
        # Another stack may stop, and remove its file, at any time.
        with suppress(FileNotFoundError):
            found.append((entry, Path(entry.read_text("utf-8"))))
    return found


def _entry(data_dir: Path) -> Path:
    digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]
    return _folder() / f"{digest}.txt"


def _folder() -> Path:
    return cache_folder() / "stacks"
