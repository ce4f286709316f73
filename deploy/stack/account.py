"""The account that PostgreSQL runs under if we are root, and the folders that it can access."""

import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

PREFERRED_NAMES = ("postgres", "nobody")
# Temporary folders are cleaned: some systems delete what has been in /var/tmp for 30 days.
PERSISTENT = Path("/var/lib")


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account to run PostgreSQL under; None if it can run under our own.

    PostgreSQL does not run as root, and needs an account that has a name.
    """
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in PREFERRED_NAMES if name in known)
    return Account(entry.pw_uid, entry.pw_gid)


def can_reach(path: Path, account: Account | None) -> bool:
    """Return whether `account` may traverse every folder above `path`."""
    return account is None or all(_may_pass(folder.stat(), account) for folder in path.absolute().parents)


def _may_pass(folder: os.stat_result, account: Account) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == account.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def make_folder(path: Path, account: Account | None) -> Path:
    """Create the private folder `path` for `account`, or a link at `path` if the account cannot reach it."""
    if path.exists():
        return path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if can_reach(path, account):
        path.mkdir(mode=0o700)
    else:
        # A dangling link to a deleted folder would prevent creating the new one.
        path.unlink(missing_ok=True)
        path.symlink_to(tempfile.mkdtemp(prefix="customer-lifecycle-", dir=PERSISTENT))
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path.resolve()
