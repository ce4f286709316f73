"""Why a shape does not watch a customer."""

from collections.abc import Collection
from enum import StrEnum

from contracts.customer import Mode
from services.alerts.engine.facts import Facts
from services.alerts.engine.words import MODES_ZH, Words


class Unmet(StrEnum):
    MODE = "mode-not-watched"
    INCOMPLETE = "history-incomplete"


def with_history_in(modes: Collection[Mode], facts: Facts) -> Unmet | None:
    """Return why a shape that needs the history of customers in some modes does not watch this one."""
    if facts.mode not in modes:
        return Unmet.MODE
    return None if facts.is_complete else Unmet.INCOMPLETE


def in_words(unmet: Unmet, facts: Facts) -> Words:
    """Return the condition that is not met."""
    if unmet is Unmet.INCOMPLETE:
        return Words(
            "The history of the customer is not complete. A rebuild of the memory completes it.",
            "客户的历史数据不完整，重建后即完整。",
        )
    now = facts.mode or facts.stage
    return Words(
        f"The rule does not watch customers in {now}.",
        f"该规则不监控处于{MODES_ZH.get(str(now), str(now))}的客户。",
    )
