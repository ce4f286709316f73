"""The secrets of a local stack, created once and kept in its data folder."""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, Field

ROLES = (
    *("care_migrator", "care_customer", "care_followup", "care_alerts", "care_reporting"),
    *("bi_reader", "bi_builder"),
)


def _password() -> str:
    # Hex needs no quoting in a URL, in SQL or in a shell.
    return secrets.token_hex(16)


class Credentials(BaseModel, frozen=True):
    """The passwords of the database roles, and the key of the pseudonyms."""

    postgres_admin: str = Field(default_factory=_password)
    roles: dict[str, str] = Field(default_factory=lambda: {role: _password() for role in ROLES})
    pseudonym_key: str = Field(default_factory=lambda: secrets.token_hex(32))


def load(data_dir: Path) -> Credentials:
    """Return the credentials kept in `data_dir`. Create them the first time, and the password of a new role."""
    kept = data_dir / "credentials.json"
    known = Credentials.model_validate_json(kept.read_text("utf-8")) if kept.exists() else Credentials(roles={})
    if missing := [role for role in ROLES if role not in known.roles]:
        known = known.model_copy(update={"roles": known.roles | {role: _password() for role in missing}})
        write_private(kept, known.model_dump_json(indent=2))
    return known


def password_variable(role: str) -> str:
    """Return the environment variable that holds the password of a role in containers."""
    return f"{role.upper()}_PASSWORD"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
