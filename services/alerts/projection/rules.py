"""The latest version and the latest draft of each rule."""

from collections.abc import Sequence
from typing import Any, Final

from chassis.postgres.database import Connection
from contracts import alerts as events
from contracts.event import Envelope

TABLES = ("rule",)
VERSION: Final = "version"
DRAFT: Final = "draft"
SAVE = """
    INSERT INTO rule (name, kind, position, event_id, recorded_at, data) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (name, kind) DO UPDATE SET position = excluded.position, event_id = excluded.event_id,
        recorded_at = excluded.recorded_at, data = excluded.data
"""


# A new draft ends the shadow of those before. A rebuild repeats this without effect.
END_SHADOW = "UPDATE shadow_episode SET ended_at = $3 WHERE rule_id = $1 AND number < $2 AND ended_at IS NULL"


async def apply(envelopes: Sequence[Envelope[events.RuleEvent]], held: Connection) -> None:
    """Apply the rule events of a batch."""
    for each in envelopes:
        kind = DRAFT if isinstance(each.event, events.RuleDrafted) else VERSION
        data: dict[str, Any] = each.event.model_dump(mode="json")
        await held.execute(SAVE, each.event.name, kind, each.position, each.id, each.recorded_at, data)
        if kind == DRAFT:
            await held.execute(END_SHADOW, each.event.name, each.event.number, each.recorded_at)
