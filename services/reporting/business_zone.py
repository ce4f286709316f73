"""The zone in which the BI views date things, kept equal to the one this service is told."""

from chassis.postgres.database import Pool

KEEP = "UPDATE business_zone SET zone = $1 WHERE zone <> $1"


async def keep_zone(pool: Pool, zone: str) -> None:
    await pool.execute(KEEP, zone)
