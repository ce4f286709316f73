"""Records on which customers the condition of a rule fails, in force or in shadow, so that somebody sees it.

The detector calls `record` in its transaction, with the customers locked, after it has evaluated them.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.runtime import metrics
from services.alerts.detection.memory import Memory
from services.alerts.engine.rule import RuleBook

CLEAR = """
    DELETE FROM rule_failure f WHERE customer_id = ANY($1) AND NOT EXISTS (
        SELECT FROM unnest($2::text[], $3::uuid[]) AS n(rule_id, customer_id)
        WHERE n.rule_id = f.rule_id AND n.customer_id = f.customer_id
    )
"""
ADD = """
    INSERT INTO rule_failure (rule_id, customer_id, reason, failed_at)
    SELECT *, $4::timestamptz FROM unnest($1::text[], $2::uuid[], $3::text[])
    ON CONFLICT (rule_id, customer_id) DO UPDATE SET reason = excluded.reason, failed_at = excluded.failed_at
    WHERE rule_failure.reason <> excluded.reason
"""
CLEAR_OTHERS = "DELETE FROM rule_failure WHERE rule_id <> ALL($1)"


async def record(held: Connection, memories: Mapping[UUID, Memory], book: RuleBook, now: datetime) -> None:
    """Record the failures of these customers, and delete those that are over."""
    if not (book.selecting or book.shadow_book.selecting):
        return
    found = [
        (rule_id, customer_id, reason)
        for customer_id, each in memories.items()
        if each.facts.registered and not each.facts.erased
        # Of a rule and its draft, the rule gives the reason.
        for rule_id, reason in (book.shadow_book.failures(each.facts) | book.failures(each.facts)).items()
    ]
    rule_ids, customer_ids, reasons = ([row[place] for row in found] for place in range(3))
    await held.execute(CLEAR, list(memories), rule_ids, customer_ids)
    if found:
        await held.execute(ADD, rule_ids, customer_ids, reasons, now)
        metrics.RULE_FAILURES.inc(len(found))


async def begin(held: Connection, book: RuleBook) -> None:
    """Delete the failures of rules that have no condition any more."""
    await held.execute(CLEAR_OTHERS, [rule.id for rule in (*book.selecting, *book.shadow_book.selecting)])
