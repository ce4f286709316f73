"""Evaluates all customers again after the rules in force changed: a page at a time, with a lower priority than timers.

Each page is one transaction, which also records how far the sweep is. So a sweep that was killed continues.
"""

from collections.abc import Sequence
from datetime import datetime
from math import inf
from time import monotonic
from typing import Final
from uuid import UUID

from chassis.consume.table_locks import keep_tables
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import Clock, utc_now
from services.alerts.detection import rule_failures, shadow
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.detection.sweep_state import IS_LATEST, QUIET_SECONDS
from services.alerts.engine.rule_book import EVERYBODY_SWEPT, NOBODY_SWEPT, InForce, RuleBook, Rules

PAGE: Final = 500
# Events of the customers of a page wait for it, up to `lock_timeout`. A customer may have a long past to be counted, or
# thousands of items, so a page ends after PAGE_SECONDS with the part that was begun.
PART: Final = 50
PAGE_SECONDS: Final = 1.0
MAX_KEPT: Final = 100
TRIM_SECONDS: Final = 60.0

# Locked in id order, as whoever evaluates customers locks them.
NEXT = "SELECT customer_id FROM silence WHERE customer_id > $1 ORDER BY customer_id LIMIT $2 FOR UPDATE"
BEGIN = """
    INSERT INTO rule_sweep (book, last_customer_id, digests, shipped, is_whole, started_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
FORGET_EARLIER = f"DELETE FROM rule_sweep s WHERE book = $1 AND NOT {IS_LATEST}"  # noqa: S608 - fixed text
FORGET_OWN = "DELETE FROM rule_sweep WHERE book = $1"
# Another build with other rules has evaluated customers since, or while, the sweep under this book began. It does so no
# longer.
IS_DISTURBED = """
    SELECT EXISTS (
        SELECT FROM rule_build b, rule_sweep s WHERE s.book = $1 AND b.shipped <> $2
        GROUP BY b.shipped, s.begun_at
        HAVING max(b.evaluated_at) > s.begun_at - make_interval(secs => $3)
            AND max(b.evaluated_at) < clock_timestamp() - make_interval(secs => $3)
    )
"""
TAKE = "SELECT last_customer_id FROM rule_sweep WHERE book = $1 AND finished_at IS NULL FOR UPDATE SKIP LOCKED"
MOVE = """
    UPDATE rule_sweep SET last_customer_id = $2, customers = customers + $3, ended = ended + $4, due = due + $5,
        finished_at = $6
    WHERE book = $1
"""
FORGET = "DELETE FROM rule_sweep WHERE book NOT IN (SELECT book FROM rule_sweep ORDER BY number DESC LIMIT $1)"
FORGET_BUILDS = """
    DELETE FROM rule_build WHERE shipped NOT IN (
        SELECT shipped FROM rule_build GROUP BY shipped ORDER BY max(evaluated_at) DESC LIMIT $1
    )
"""
# The last mark of each build stays.
TRIM_MARKS = """
    DELETE FROM rule_build b WHERE evaluated_at < clock_timestamp() - make_interval(secs => $1)
        AND EXISTS (SELECT FROM rule_build l WHERE l.shipped = b.shipped AND l.evaluated_at > b.evaluated_at)
"""


class Sweep:
    """`run_due` evaluates the next page. A timer calls it."""

    def __init__(self, pool: Pool, detector: Detector, rules: Rules, clock: Clock = utc_now) -> None:
        self._pool = pool
        self._detector = detector
        self._rules = rules
        self._clock = clock
        self._trimmed_at = -inf

    async def run_due(self) -> int:
        """Return how many customers were evaluated: none if all were, if customers are due, or in another process."""
        async with transaction(self._pool) as held:
            await keep_tables(held, CONSUMER)
            count = await self._next_page(held)
        self._detector.committed()
        return count

    async def _next_page(self, held: Connection) -> int:
        rules = await self._rules.evaluating(held)
        if monotonic() - self._trimmed_at > TRIM_SECONDS:
            await held.execute(TRIM_MARKS, TRIM_SECONDS)
            self._trimmed_at = monotonic()
        if rules.swept_to == EVERYBODY_SWEPT:
            if not await held.fetchval(IS_DISTURBED, rules.book.fingerprint, rules.shipped, QUIET_SECONDS):
                return 0
            await held.execute(FORGET_OWN, rules.book.fingerprint)
            await self._begin(held, rules, is_whole=True)
        elif rules.swept_to == NOBODY_SWEPT:
            await held.execute(FORGET_EARLIER, rules.book.fingerprint)
            await self._begin(held, rules)
        if await self._detector.has_due(held):
            return 0
        taken = await held.fetchrow(TAKE, rules.book.fingerprint)
        return await self._sweep(held, rules.book, taken["last_customer_id"]) if taken else 0

    async def _begin(self, held: Connection, rules: InForce, *, is_whole: bool = False) -> None:
        book = rules.book
        await held.execute(BEGIN, book.fingerprint, NOBODY_SWEPT, book.digests, rules.shipped, is_whole, self._clock())

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
            await held.execute(FORGET_BUILDS, MAX_KEPT)
