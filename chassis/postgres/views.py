"""Database views kept as SQL files, one per view, and recreated when a file changes.

Guarantees. All views of a schema change in one transaction: a reader sees either the old views or the new ones, and
none is ever missing. If no file has changed, nothing is locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

from chassis.postgres.database import Connection

# Two processes that replace views at the same time would fail with concurrent updates of the catalog.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('care.views'))"
READ_DIGEST = "SELECT obj_description(to_regnamespace($1)::oid, 'pg_namespace')"
EXISTING = "SELECT viewname FROM pg_views WHERE schemaname = $1 AND viewowner = current_user"


@dataclass(frozen=True, slots=True)
class Views:
    """The views of one schema: `folder` holds `NAME.sql` for each, with its comments and privileges.

    They are created in the order of their names, so a view may use those whose names sort before its own.
    """

    schema: str
    folder: Path

    async def update(self, held: Connection) -> None:
        """Recreate the views unless the database has those of the files already."""
        files = {path.stem: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.sql"))}
        if await self._is_up_to_date(held, files):
            return
        async with held.transaction():
            await held.execute(LOCK)
            if not await self._is_up_to_date(held, files):
                await self._replace(held, files)

    async def _is_up_to_date(self, held: Connection, files: Mapping[str, str]) -> bool:
        """Return whether the files are unchanged since the last update, and no migration has dropped a view since."""
        unchanged = await held.fetchval(READ_DIGEST, self.schema) == digest_comment(files)
        return unchanged and set(await self._existing(held)) == files.keys()

    async def _replace(self, held: Connection, files: Mapping[str, str]) -> None:
        """Replace the views. If a column was removed or changed, PostgreSQL cannot: then drop and create them."""
        try:
            async with held.transaction():
                await self._create(held, files)
                await self._drop(held, [name for name in await self._existing(held) if name not in files])
        except asyncpg.InvalidTableDefinitionError:
            await self._drop(held, await self._existing(held))
            await self._create(held, files)

    async def _create(self, held: Connection, files: Mapping[str, str]) -> None:
        for definition in files.values():
            await held.execute(definition)
        await held.execute(f"COMMENT ON SCHEMA {self.schema} IS '{digest_comment(files)}'")

    async def _drop(self, held: Connection, names: Sequence[str]) -> None:
        """Drop without CASCADE: an object that somebody else created on a view is not dropped, and the update fails."""
        if names:
            await held.execute(f"DROP VIEW {', '.join(f'{self.schema}.{name}' for name in names)}")

    async def _existing(self, held: Connection) -> list[str]:
        return [row["viewname"] for row in await held.fetch(EXISTING, self.schema)]


def digest_comment(files: Mapping[str, str]) -> str:
    """Return a text with the digest of the files. It is stored as the comment of the schema."""
    digest = sha256("".join(f"{name}\0{text}\0" for name, text in files.items()).encode()).hexdigest()
    return f"Views made from files with the digest {digest}"
