"""The data folders of the stacks that this user runs, so that a command can name a stack in another folder."""

import hashlib
from contextlib import suppress
from pathlib import Path

from deploy.stack.cache import cache_folder


def add(data_dir: Path) -> None:
    """Remember a data folder. Without a writable cache folder, it is not remembered."""
    with suppress(OSError):
        _entry(data_dir).parent.mkdir(parents=True, exist_ok=True)
        _entry(data_dir).write_text(str(data_dir.absolute()), "utf-8")


def remove(data_dir: Path) -> None:
    with suppress(OSError):
        _entry(data_dir).unlink(missing_ok=True)


def others(data_dir: Path) -> list[Path]:
    """Return the remembered data folders, except this one. A killed stack remains until its folder is deleted."""
    entries = sorted(_folder().glob("*.txt"))
    found = [Path(entry.read_text("utf-8")) for entry in entries]
    return [folder for folder in found if folder != data_dir.absolute() and folder.exists()]


def _entry(data_dir: Path) -> Path:
    digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]
    return _folder() / f"{digest}.txt"


def _folder() -> Path:
    return cache_folder() / "stacks"
