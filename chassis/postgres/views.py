"""Views kept as files, one for each view: a database gets them again when a file has changed.

Guarantees. All of them change in one transaction: whoever reads meanwhile sees the old ones or the new ones, and none
is ever missing. While nothing has changed, nothing is locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

from chassis.postgres.database import Connection

# Two that make views at once would stumble over each other's rows in the catalogue.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('care.views'))"
MARK = "SELECT obj_description(to_regnamespace($1)::oid, 'pg_namespace')"
STANDING = "SELECT viewname FROM pg_views WHERE schemaname = $1 AND viewowner = current_user"


@dataclass(frozen=True, slots=True)
class Views:
    """The views of one schema: `folder` holds `NAME.sql` for each, with its comments and rights.

    They are made in the order of their names, so a view may read those whose names come before its own.
    """

    schema: str
    folder: Path

    async def bring_up_to_date(self, held: Connection) -> None:
        """Make the views again unless they stand as the files say."""
        files = {path.stem: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.sql"))}
        if await self._is_up_to_date(held, files):
            return
        async with held.transaction():
            await held.execute(LOCK)
            if not await self._is_up_to_date(held, files):
                await self._make(held, files)

    async def _is_up_to_date(self, held: Connection, files: Mapping[str, str]) -> bool:
        """Say whether the files are those of last time, and no view has gone since: a migration may have dropped it."""
        as_marked = await held.fetchval(MARK, self.schema) == mark_of(files)
        return as_marked and set(await self._standing(held)) == files.keys()

    async def _make(self, held: Connection, files: Mapping[str, str]) -> None:
        """Replace the views; drop them first where a column went or changed, which PostgreSQL replaces no view for."""
        try:
            async with held.transaction():
                await self._create(held, files)
                await self._drop(held, [name for name in await self._standing(held) if name not in files])
        except asyncpg.InvalidTableDefinitionError:
            await self._drop(held, await self._standing(held))
            await self._create(held, files)

    async def _create(self, held: Connection, files: Mapping[str, str]) -> None:
        for definition in files.values():
            await held.execute(definition)
        await held.execute(f"COMMENT ON SCHEMA {self.schema} IS '{mark_of(files)}'")

    async def _drop(self, held: Connection, names: Sequence[str]) -> None:
        """Without CASCADE: what somebody else has built on a view is not dropped with it, it stops the change."""
        if names:
            await held.execute(f"DROP VIEW {', '.join(f'{self.schema}.{name}' for name in names)}")

    async def _standing(self, held: Connection) -> list[str]:
        return [row["viewname"] for row in await held.fetch(STANDING, self.schema)]


def mark_of(files: Mapping[str, str]) -> str:
    """Return what tells these files from others. It is kept as the comment of the schema."""
    digest = sha256("".join(f"{name}\0{text}\0" for name, text in files.items()).encode()).hexdigest()
    return f"Views made from files with the digest {digest}"
