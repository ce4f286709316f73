"""The time zone of the dates in the BI views: the one that this service is configured with."""

from chassis.postgres.database import Pool

KEEP = "UPDATE business_zone SET zone = $1 WHERE zone <> $1"


async def keep_zone(pool: Pool, zone: str) -> None:
    await pool.execute(KEEP, zone)
