"""Rule books for tests."""

from typing import Final

from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import INACTIVITY, MISSED_FOLLOW_UP, UNANSWERED_COMPLAINT

# What the oracle of silence knows.
THREE_RULES: Final = RuleBook(rules=(INACTIVITY, MISSED_FOLLOW_UP, UNANSWERED_COMPLAINT))
