"""Applies the rules to a customer's facts: stretches, each with its rule, its due time and its identity."""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha1
from typing import Final
from uuid import UUID

from msgspec import Struct

from contracts.alerts import Backlog
from services.alerts.engine.episode import Key
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.rule_set import RuleSet
from services.alerts.engine.stretch import Stretch

NAMESPACE: Final = UUID("6f1c1a52-7a0e-4a58-9f6a-2b8f3f7a9c11")
NAMESPACE_BYTES: Final = NAMESPACE.bytes

# The bits of an id that say that it is one of RFC 9562, and of version 5.
WITHOUT_VERSION: Final = ~(0xF << 76 | 0x3 << 62)
VERSION_5: Final = 0x5 << 76 | 0x2 << 62

SINCE: Final = "%04d%02d%02dT%02d%02d%02d.%06dZ"


class Finding(Struct, frozen=True, gc=False):
    """One episode. Its identity is (rule, customer, what it concerns, start)."""

    rule: Rule
    stretch: Stretch

    @property
    def due_at(self) -> datetime:
        return self.stretch.due_at

    @property
    def since(self) -> Occurrence:
        return self.stretch.since

    @property
    def closes_at(self) -> datetime:
        return self.stretch.closes_at

    @property
    def settled(self) -> Occurrence | None:
        return self.stretch.settled

    @property
    def concerns_id(self) -> UUID | None:
        return self.stretch.concerns_id

    @property
    def is_backlog(self) -> bool:
        """Whether it was overdue already when the rule, or a segment that it names, was published."""
        return self.rule.was_overdue(self.due_at)

    @property
    def is_awaited(self) -> bool:
        """Whether an alert is to be raised when it is due."""
        if self.stretch.settled is not None or self.stretch.is_continuation:
            return False
        return self.rule.backlog is not Backlog.SKIP or not self.is_backlog

    @property
    def key(self) -> Key:
        return self.rule.id, self.concerns_id, self.stretch.since.at

    def dedup_key(self, customer_id: UUID) -> str:
        at = self.stretch.since.at
        # `strftime` takes three times as long.
        since = SINCE % (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)
        return f"{self.rule.id}:{customer_id}:{self.stretch.concerns_id or '-'}:{since}"

    def alert_id(self, customer_id: UUID) -> UUID:
        return alert_id_of(self.dedup_key(customer_id))


def alert_id_of(dedup_key: str) -> UUID:
    """Return the id of the alert of an episode: as `uuid5` makes it, in a third of the time."""
    digest = sha1(NAMESPACE_BYTES + dedup_key.encode(), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(digest[:16]) & WITHOUT_VERSION | VERSION_5)


def find(
    facts: Facts,
    rules: RuleBook,
    judged: RuleSet | None = None,
    after: datetime | None = None,
    has_open: Collection[str] = (),
) -> list[Finding]:
    """Return every current or just settled episode of the `judged` rules (all rules if absent), due or not.

    Windows that had closed by `after` may be left out, except of the rules in `has_open`: their open episodes end when
    the windows closed. Erased customers have none.
    """
    if facts.registered is None or facts.erased is not None:
        return []
    zone = rules.zone
    return [
        Finding(rule, stretch)
        for rule in (judged or rules.every).watching(facts)
        if rule.applies is None or rule.applies_to(facts)
        for stretch in rule.condition.stretches(facts, zone, None if has_open and rule.id in has_open else after)
    ]
