"""Deletes the data of a stack: its containers, their volumes, and the files in its data folder."""

import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from deploy.stack import compose, containers, stack_lock, state
from deploy.stack.errors import StackError

# What a stack keeps in its data folder. Other files are never deleted.
KEPT = (
    "containers.env",
    "credentials.json",
    "issuer.pem",
    "kafka",
    "kafka.from",
    "lock",
    "logs",
    "port-base",
    "postgres",
    "postgres-programs",
    "postgresql.from",
    "stack.json",
)
# A file that a killed process was writing.
UNFINISHED = ".*.new"


def delete(data_dir: Path, command: Sequence[str]) -> None:
    """Delete the data of the stack of this folder, and the folder if nothing else is in it.

    Raise `StackError` if the stack runs, or if the folder is not that of a stack.
    """
    if not stack_lock.is_data_folder(data_dir):
        raise StackError(f"{data_dir} holds no data of a stack.", f"{data_dir} 中没有本系统的数据。")
    with stack_lock.sole_instance(data_dir):
        compose.remove(data_dir, command)
        containers.remove_volumes(data_dir)
        state.withdraw(data_dir)
        for entry in list(data_dir.iterdir()):
            if _is_kept(entry.name):
                _delete(entry)
        if not data_dir.is_symlink() and not any(data_dir.iterdir()):
            data_dir.rmdir()


def _is_kept(name: str) -> bool:
    return any(fnmatch(name, pattern) for kept in KEPT for pattern in (kept, f"{kept}{UNFINISHED}"))


def _delete(entry: Path) -> None:
    """Delete a file or a folder. A folder of PostgreSQL may be a link to one that its account can access."""
    if entry.is_dir():
        shutil.rmtree(entry.resolve())
    entry.unlink(missing_ok=True)
