"""Reads up to which customer all are evaluated under a book, and which rules have changed since."""

from uuid import UUID

from chassis.postgres.database import Connection
from services.alerts.engine.rule_book import EVERYBODY_SWEPT, NOBODY_SWEPT, InForce, RuleBook
from services.alerts.engine.rule_set import RuleSet

# Of those of the build. If an earlier book is in force again, the customers were evaluated under another one since.
IS_LATEST = "NOT EXISTS (SELECT FROM rule_sweep l WHERE l.shipped = s.shipped AND l.number > s.number)"
SWEPT = f"SELECT last_customer_id FROM rule_sweep s WHERE book = $1 AND {IS_LATEST}"  # noqa: S608
# The books under which customers were evaluated since the last sweep that has finished began. No digests: any rule may
# have changed.
EARLIER = """
    SELECT CASE WHEN is_whole AND finished_at IS NULL THEN NULL ELSE digests END FROM rule_sweep
    WHERE (book = $1 AND is_whole) OR (book <> $1 AND number >= (
        SELECT max(number) FROM rule_sweep WHERE book <> $1 AND finished_at IS NOT NULL
    ))
"""


async def in_force(held: Connection, book: RuleBook, swept: UUID, shipped: str = "") -> InForce:
    """Return a book with the rules that have changed since an earlier sweep, if one goes on."""
    return InForce(book, swept, None if swept == EVERYBODY_SWEPT else await changed(held, book), shipped)


async def changed(held: Connection, book: RuleBook) -> RuleSet | None:
    """Return the rules that have changed since all customers were evaluated; None if that is not known."""
    earlier = [each for (each,) in await held.fetch(EARLIER, book.fingerprint)]
    return book.changed_since(earlier) if earlier and None not in earlier else None


async def swept_to(held: Connection, book: RuleBook) -> UUID:
    found: UUID | None = await held.fetchval(SWEPT, book.fingerprint)
    return found or NOBODY_SWEPT
