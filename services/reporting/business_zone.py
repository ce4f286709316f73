"""Stores the configured business zone, which the BI views use for dates."""

from chassis.postgres.database import Pool

SAVE = "UPDATE business_zone SET zone = $1 WHERE zone <> $1"


async def save_zone(pool: Pool, zone: str) -> None:
    await pool.execute(SAVE, zone)
