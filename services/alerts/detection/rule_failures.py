"""Records on which customers an expression of a rule fails, in force or in shadow, so that somebody sees it.

The detector calls `record` in its transaction, with the customers locked, after it has evaluated them.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.runtime import metrics
from services.alerts.detection.memory import Memory
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.facts import Facts
from services.alerts.engine.failures import Failure, failures
from services.alerts.engine.rule_book import RuleBook

CLEAR = """
    DELETE FROM rule_failure f WHERE customer_id = ANY($1) AND NOT EXISTS (
        SELECT FROM unnest($2::text[], $3::uuid[]) AS n(rule_id, customer_id)
        WHERE n.rule_id = f.rule_id AND n.customer_id = f.customer_id
    )
"""
ADD = """
    INSERT INTO rule_failure (rule_id, customer_id, reason, reason_zh, over_at, failed_at)
    SELECT *, $6::timestamptz FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT (rule_id, customer_id)
    DO UPDATE SET reason = excluded.reason, reason_zh = excluded.reason_zh, over_at = excluded.over_at,
        failed_at = excluded.failed_at
    WHERE (rule_failure.reason, rule_failure.reason_zh, rule_failure.over_at)
        IS DISTINCT FROM (excluded.reason, excluded.reason_zh, excluded.over_at)
"""
CLEAR_OTHERS = "DELETE FROM rule_failure WHERE rule_id <> ALL($1)"


async def record(held: Connection, memories: Mapping[UUID, Memory], book: RuleBook, now: datetime) -> None:
    """Record the failures of these customers, and delete those that are over."""
    if not any(each.selecting or each.counting for each in (book, book.shadow_book)):
        return
    found = [
        (rule_id, customer_id, failure.reason.en, failure.reason.zh, failure.over_at)
        for customer_id, each in memories.items()
        for rule_id, failure in of_both(with_absorbed(each.facts), book, now).items()
    ]
    rule_ids, customer_ids, *others = ([row[place] for row in found] for place in range(5))
    await held.execute(CLEAR, list(memories), rule_ids, customer_ids)
    if found:
        await held.execute(ADD, rule_ids, customer_ids, *others, now)
        metrics.RULE_FAILURES.inc(len(found))


async def begin(held: Connection, book: RuleBook) -> None:
    """Delete the failures of rules that have no expression any more."""
    books = (book, book.shadow_book)
    evaluated = {rule.id for each in books for rule in (*each.selecting, *(rule for rule, _ in each.counting))}
    await held.execute(CLEAR_OTHERS, list(evaluated))


def of_both(facts: Facts, book: RuleBook, now: datetime) -> dict[str, Failure]:
    """Return the failures of rules in force and in shadow. Of a rule and its draft, the rule gives the reason."""
    return failures(facts, book.shadow_book, now) | failures(facts, book, now)
