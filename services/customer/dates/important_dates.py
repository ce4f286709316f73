"""Records important dates of key contacts some days ahead. Reads all dates of the vault in batches, repeatedly."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from chassis.store.pseudonym import Pseudonyms
from services.customer.actor import ACTOR
from services.customer.commands.people import DATES
from services.customer.domain.important_date import AnnounceDate, falls_on

BATCH = 500
# A near date is read in several passes, and recorded once.
BETWEEN_PASSES = timedelta(hours=6)
BEGINNING = UUID(int=0)
DATES_OF_CONTACTS = """
    SELECT d.key_contact_id, d.customer_id, v.value FROM key_contact_dates d JOIN vault v ON v.id = d.dates_ref
    WHERE d.key_contact_id > $1 ORDER BY d.key_contact_id LIMIT $2
"""


class ImportantDateReminder:
    """A timer calls `run_due`. Each occurrence has its own stream, so a repeated pass adds no event."""

    def __init__(
        self,
        pool: Pool,
        dates: CommandHandler[bool],
        pseudonyms: Pseudonyms,
        zone: str,
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._dates = dates
        self._pseudonyms = pseudonyms
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._after = BEGINNING
        self._next_pass_at: datetime | None = None

    async def run_due(self) -> int:
        """Read the next batch; return its size if the pass has more batches, so that the timer continues at once."""
        now = self._clock()
        if self._next_pass_at and now < self._next_pass_at:
            return 0
        rows = await self._pool.fetch(DATES_OF_CONTACTS, self._after, BATCH)
        for row in rows:
            for known in DATES.validate_json(row["value"]):
                if on := falls_on(known, now.astimezone(self._zone).date()):
                    await self._record(row, known.kind, on, now)
        more = len(rows) == BATCH
        self._after = rows[-1]["key_contact_id"] if more else BEGINNING
        self._next_pass_at = None if more else now + BETWEEN_PASSES
        return len(rows) if more else 0

    async def _record(self, row: asyncpg.Record, kind: str, on: date, now: datetime) -> None:
        key_contact_id: UUID = row["key_contact_id"]
        stream_id = self._pseudonyms.derived("important-date", str(key_contact_id), kind, on.isoformat())
        context = ACTOR.on_timer(now, f"important-date|{stream_id}", f"important-date-{stream_id}")
        command = AnnounceDate(key_contact_id=key_contact_id, kind=kind, on=on)
        await self._dates.handle(stream_id, command, context, subject=row["customer_id"])
