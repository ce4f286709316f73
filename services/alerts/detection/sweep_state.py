"""Reads up to which customer all are evaluated under a book, and which rules have changed since."""

from typing import Final
from uuid import UUID

from chassis.postgres.database import Connection
from services.alerts.engine.rule_book import EVERYBODY_SWEPT, NOBODY_SWEPT, InForce, RuleBook
from services.alerts.engine.rule_set import RuleSet

# Of those of the build. If an earlier book is in force again, the customers were evaluated under another one since.
IS_LATEST = "NOT EXISTS (SELECT FROM rule_sweep l WHERE l.shipped = s.shipped AND l.number > s.number)"
SWEPT = f"SELECT last_customer_id FROM rule_sweep s WHERE book = $1 AND {IS_LATEST}"  # noqa: S608
# Longer than any transaction that evaluates customers.
QUIET_SECONDS: Final = 120.0
# The books under which customers were evaluated since the last sweep that has finished began. No digests: any rule may
# have changed. So it may if another build, without a sweep, has evaluated customers since then.
EARLIER = """
    WITH base AS (
        SELECT number, begun_at FROM rule_sweep WHERE book <> $1 AND finished_at IS NOT NULL
        ORDER BY number DESC LIMIT 1
    ), later AS (SELECT s.* FROM rule_sweep s, base WHERE s.book <> $1 AND s.number >= base.number)
    SELECT CASE WHEN is_whole AND finished_at IS NULL THEN NULL ELSE digests END
    FROM (SELECT * FROM later UNION ALL SELECT * FROM rule_sweep WHERE book = $1 AND is_whole) AS earlier
    UNION ALL SELECT NULL FROM base, rule_build b
    WHERE b.evaluated_at > base.begun_at - make_interval(secs => $3)
        AND b.shipped <> $2 AND b.shipped NOT IN (SELECT shipped FROM later)
"""


async def in_force(held: Connection, book: RuleBook, swept: UUID, shipped: str = "") -> InForce:
    """Return a book with the rules that have changed since an earlier sweep, if one goes on."""
    return InForce(book, swept, None if swept == EVERYBODY_SWEPT else await changed(held, book, shipped), shipped)


async def changed(held: Connection, book: RuleBook, shipped: str) -> RuleSet | None:
    """Return the rules that have changed since all customers were evaluated; None if that is not known."""
    earlier = [each for (each,) in await held.fetch(EARLIER, book.fingerprint, shipped, QUIET_SECONDS)]
    return book.changed_since(earlier) if earlier and None not in earlier else None


async def swept_to(held: Connection, book: RuleBook) -> UUID:
    found: UUID | None = await held.fetchval(SWEPT, book.fingerprint)
    return found or NOBODY_SWEPT
