"""Reads one alert from its events, with the texts that people entered."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.commands.holders import Holders
from chassis.postgres.database import Pool
from chassis.store.vault_reader import read_personal_data
from contracts.alerts import AlertCommented, AlertRaised, AlertSnoozed, Transition
from contracts.event import Envelope
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.projection.alerts import AlertRow, project
from services.alerts.queries.alerts import AlertView

# What the row of an alert does not hold.
OTHER_FIELDS = frozenset({"id", "holders", "alert", "is_muted", "muted_until"})


class CommentView(BaseModel):
    """A comment. `text` is null if it has been erased."""

    id: UUID
    employee_id: str
    at: datetime
    text: str | None


class AlertDetails(AlertView):
    """An alert with its comments, in their order, and the reason of the last snooze since it was raised."""

    comments: list[CommentView]
    snooze_reason: str | None


async def details(
    pool: Pool, envelopes: Sequence[Envelope[Transition]], holders: Holders, muted_until: datetime | None
) -> AlertDetails:
    """Return the alert after its events. Unlike the list, it never lags."""
    is_muted = muted_until is not None and muted_until > datetime.now(UTC)
    comments = [(each, each.event) for each in envelopes if isinstance(each.event, AlertCommented)]
    begun = max(each.version for each in envelopes if isinstance(each.event, AlertRaised))
    present = [each.event for each in envelopes if each.version > begun]
    snoozes = [event.reason_ref for event in present if isinstance(event, AlertSnoozed)][-1:]
    words = await read_personal_data(pool, [event.comment_ref for _, event in comments] + snoozes)
    return AlertDetails(
        **view_of(project(envelopes[-1]), holders),
        is_muted=is_muted,
        muted_until=muted_until if is_muted and muted_until != NEVER_DUE else None,
        comments=[
            CommentView(
                id=event.comment_ref,
                employee_id=each.metadata.actor,
                at=each.occurred_at,
                text=words.get(event.comment_ref),
            )
            for each, event in comments
        ],
        snooze_reason=next((words.get(ref) for ref in snoozes), None),
    )


def view_of(row: AlertRow, holders: Holders) -> dict[str, Any]:
    """Return the fields of the view of a row."""
    seen_by = {*row.holders, holders.owner_id, holders.leader_id, *holders.helper_ids} - {None}
    fields = {name: getattr(row, name) for name in AlertView.model_fields if name not in OTHER_FIELDS}
    return fields | {"id": row.alert_id, "holders": sorted(filter(None, seen_by)), "alert": row.payload}
