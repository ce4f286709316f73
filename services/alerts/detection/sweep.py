"""Evaluates all customers again after the rules in force changed: a page at a time, with a lower priority than timers.

Each page is one transaction, which also records how far the sweep is. So a sweep that was killed continues.
"""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from asyncpg import Record

from chassis.consume.table_locks import keep_tables
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import Clock, utc_now
from services.alerts.detection import rule_failures, shadow
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.engine.rule_book import EVERYBODY_SWEPT, NOBODY_SWEPT, InForce, RuleBook, Rules

PAGE: Final = 500
# Events of the customers of a page wait for it, up to `lock_timeout`. A customer may have a long past to be counted, or
# thousands of items, so a page ends after PAGE_SECONDS with the part that was begun.
PART: Final = 50
PAGE_SECONDS: Final = 1.0
MAX_KEPT: Final = 100

# Locked in id order, as whoever evaluates customers locks them.
NEXT = "SELECT customer_id FROM silence WHERE customer_id > $1 ORDER BY customer_id LIMIT $2 FOR UPDATE"
BEGIN = """
    INSERT INTO rule_sweep (book, last_customer_id, digests, started_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
TAKE = "SELECT last_customer_id FROM rule_sweep WHERE book = $1 AND finished_at IS NULL FOR UPDATE SKIP LOCKED"
MOVE = """
    UPDATE rule_sweep SET last_customer_id = $2, customers = customers + $3, ended = ended + $4, due = due + $5,
        finished_at = $6
    WHERE book = $1
"""
# If an earlier build runs again, customers were evaluated under the rules of the later one since its sweep.
FORGET_FORMER = "DELETE FROM rule_sweep WHERE book = $1 AND started_at < (SELECT max(started_at) FROM rule_sweep)"
FORGET = """
    DELETE FROM rule_sweep WHERE book NOT IN (SELECT book FROM rule_sweep ORDER BY started_at DESC LIMIT $1)
"""


class Sweep:
    """`run_due` evaluates the next page. A timer calls it."""

    def __init__(self, pool: Pool, detector: Detector, rules: Rules, clock: Clock = utc_now) -> None:
        self._pool = pool
        self._detector = detector
        self._rules = rules
        self._clock = clock
        self._is_first = True

    async def run_due(self) -> int:
        """Return how many customers were evaluated: none if all were, if customers are due, or in another process."""
        async with transaction(self._pool) as held:
            await keep_tables(held, CONSUMER)
            count = await self._next_page(held)
        self._is_first = False
        self._detector.committed()
        return count

    async def _next_page(self, held: Connection) -> int:
        if self._is_first:
            await held.execute(FORGET_FORMER, (await self._rules.current(held)).book.fingerprint)
        rules = await self._rules.current(held)
        if rules.swept_to == EVERYBODY_SWEPT or await self._detector.has_due(held):
            return 0
        taken = await self._take(held, rules.book)
        return await self._sweep(held, rules.book, taken["last_customer_id"]) if taken else 0

    async def _take(self, held: Connection, book: RuleBook) -> Record | None:
        await held.execute(BEGIN, book.fingerprint, NOBODY_SWEPT, book.digests, self._clock())
        return await held.fetchrow(TAKE, book.fingerprint)

    async def _sweep(self, held: Connection, book: RuleBook, after: UUID) -> int:
        page = [each for (each,) in await held.fetch(NEXT, after, PAGE)]
        rules = await self._rules.current(held)
        if rules.book.fingerprint != book.fingerprint:
            # While the page was awaited, events may have been evaluated under a later book.
            return 0
        if after == NOBODY_SWEPT:
            await shadow.begin(held, book, self._clock())
            await rule_failures.begin(held, book)
        count, ended, due = await self._sweep_parts(held, rules, page)
        is_last = count == len(page) < PAGE
        last, finished_at = (EVERYBODY_SWEPT, self._clock()) if is_last else (page[count - 1], None)
        await self._move(held, book, last, (count, ended, due), finished_at)
        return count

    async def _sweep_parts(self, held: Connection, rules: InForce, page: Sequence[UUID]) -> tuple[int, int, int]:
        """Return how many customers were evaluated, how many alerts ended, and how many customers are due."""
        count = ended = due = 0
        begun, size = monotonic(), PART
        while count < len(page) and (count == 0 or monotonic() - begun < PAGE_SECONDS):
            part = page[count : count + size]
            more_ended, more_due = await self._detector.sweep(part, rules, held)
            count, ended, due = count + len(part), ended + more_ended, due + more_due
            if monotonic() - begun < PAGE_SECONDS / 4:
                # Most customers have a short past: fewer statements.
                size *= 2
        return count, ended, due

    async def _move(
        self, held: Connection, book: RuleBook, last: UUID, counts: tuple[int, int, int], finished_at: datetime | None
    ) -> None:
        await held.execute(MOVE, book.fingerprint, last, *counts, finished_at)
        if finished_at:
            await held.execute(FORGET, MAX_KEPT)
