"""Stores versions that are not in force yet, for consumers that must act when they come into force.

The table `waiting_version` belongs to one consumer of a service's events. A query for the version in force must also
read this table, because a version stays here until the timer takes it.
"""

from datetime import datetime

from chassis.postgres.database import Connection
from contracts.topics import EVENT_TYPES
from contracts.version import Published

TABLE = "waiting_version"
SUPERSEDE = """
    DELETE FROM waiting_version
    WHERE type = $1 AND name = $2 AND effective_from >= coalesce($3, '-infinity'::timestamptz)
"""
KEEP = """
    INSERT INTO waiting_version (type, name, number, effective_from, data) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (type, name, number) DO NOTHING
"""
TAKE = "DELETE FROM waiting_version WHERE effective_from <= $1 RETURNING data"


async def keep(held: Connection, version: Published, name: str) -> bool:
    """Store a version with an effective time, delete those that it supersedes, and return whether it was stored."""
    await held.execute(SUPERSEDE, version.type, name, version.effective_from)
    if version.effective_from is None:
        return False
    data = version.model_dump(mode="json")
    await held.execute(KEEP, version.type, name, version.number, version.effective_from, data)
    return True


async def take(held: Connection, now: datetime) -> list[Published]:
    """Delete the versions that are in force at `now`, and return them in the order of their numbers."""
    data = [row["data"] for row in await held.fetch(TAKE, now)]
    found = [EVENT_TYPES[each["type"]].model_validate(each) for each in data]
    return sorted((each for each in found if isinstance(each, Published)), key=lambda each: each.number)
