"""On which customers the expressions of the rules in force fail: `applies`, and what a count counts. Pure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.alerts.engine.facts import Facts
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count
from services.alerts.engine.words import Words, evaluation_failed


class Failure(NamedTuple):
    """Why the expression of a rule fails on a customer, and until when. Without `over_at`, only a change ends it."""

    reason: Words
    over_at: datetime | None = None


def failures(facts: Facts, book: RuleBook, now: datetime) -> dict[str, Failure]:
    """Return the failure of each rule that has one. `facts` are those of the customer with its duplicates.

    An event of which it is not known whether it counts is a failure until it is older than what the rule counts.
    """
    if facts.registered is None or facts.erased is not None:
        return {}
    found = {key: Failure(reason) for key, reason in book.condition_failures(facts).items()}
    for rule, count in book.counting:
        failure = of_count(rule, count, facts) if rule.id not in found else None
        if failure and failure.over_at and now < failure.over_at:
            found[rule.id] = failure
    return found


def of_count(rule: Rule, count: Count, facts: Facts) -> Failure | None:
    failed = count.failed(facts)
    if failed is None or count.unmet(facts) or not rule.applies_to(facts):
        return None
    return Failure(evaluation_failed(failed.reason), failed.event.at + timedelta(days=count.days))
