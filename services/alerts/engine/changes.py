"""The changes of alerts that an evaluation causes. Each states its events, given the state of its alert.

They are stored while their events wait to be appended: further fields need a default.
"""

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from contracts.alerts import (
    AlertAcknowledged,
    AlertCarriedAway,
    AlertCarriedIn,
    AlertCleared,
    AlertEvent,
    AlertMoved,
    AlertRaised,
    AlertReaddressed,
    AlertState,
    AlertWithdrawn,
    CareReported,
)
from services.alerts.engine.episode import Episode

# The customer of an event, and the event.
Told: TypeAlias = tuple[UUID, AlertEvent | CareReported]


class Raising(Struct, frozen=True, gc=False, tag=True):
    """The alert of an episode that begins. Its event has the whole state of the alert.

    If it was raised before, with the same start, an acknowledgement, an assignment and a snooze hold: a merge that was
    undone, or a tier or rule that was changed back, asks nobody again.
    """

    alert: AlertRaised

    @property
    def alert_id(self) -> UUID:
        return self.alert.alert_id

    def events(self, customer_id: UUID, earlier: AlertState | None) -> list[Told]:
        if earlier is None or earlier.starts_at != self.alert.starts_at:
            return [(customer_id, self.alert)]
        handled = earlier.model_dump(include={"owner_id", "assigned_by"}) if earlier.assigned_by else {}
        if earlier.snoozed_until and earlier.snoozed_until > self.alert.updated_at:
            handled["snoozed_until"] = earlier.snoozed_until
        raised = self.alert.model_copy(update=handled)
        events: list[Told] = [(customer_id, raised)]
        if earlier.acknowledged_at is not None:
            by = earlier.model_dump(include={"acknowledged_by", "acknowledged_at"})
            state = raised.model_dump(include=AlertState.model_fields.keys() - {"status"})
            events.append((customer_id, AlertAcknowledged(**{**state, **by})))
        return events


class Ending(Struct, frozen=True, gc=False, tag=True):
    """The end of an episode. `cause` is the event that ended it; None if a change allows more time."""

    episode: Episode
    kind: type[AlertCleared | AlertWithdrawn]
    ends_at: datetime
    updated_at: datetime
    cause: UUID | None

    @property
    def alert_id(self) -> UUID:
        return self.episode.alert_id

    def events(self, customer_id: UUID, alert: AlertState | None) -> list[Told]:
        state = state_of(alert, self.updated_at, self.cause)
        return [(customer_id, self.kind(**{**state, "ends_at": self.ends_at}))]


class Moving(Struct, frozen=True, gc=False, tag=True):
    """Another beginning of an episode that stays open."""

    episode: Episode
    silent_since: datetime
    starts_at: datetime
    updated_at: datetime
    cause: UUID

    @property
    def alert_id(self) -> UUID:
        return self.episode.alert_id

    def after(self, episode: Episode) -> Episode:
        return replace(episode, silent_since=self.silent_since, starts_at=self.starts_at)

    def events(self, customer_id: UUID, alert: AlertState | None) -> list[Told]:
        state = state_of(alert, self.updated_at, self.cause)
        beginning = {
            "silent_since": self.silent_since,
            "previous_silent_since": state["silent_since"],
            "starts_at": self.starts_at,
            "value": int((self.updated_at - self.silent_since).total_seconds()),
        }
        return [(customer_id, AlertMoved(**{**state, **beginning, "status": status_of(alert)}))]


class Readdressing(Struct, frozen=True, gc=False, tag=True):
    """Another employee who has to act. An alert that was assigned by hand keeps its employee."""

    episode: Episode
    owner_id: str | None
    customer_owner_id: str | None
    leader_id: str | None
    updated_at: datetime
    cause: UUID | None

    @property
    def alert_id(self) -> UUID:
        return self.episode.alert_id

    def after(self, episode: Episode) -> Episode:
        return replace(episode, owner_id=self.owner_id)

    def events(self, customer_id: UUID, alert: AlertState | None) -> list[Told]:
        state = state_of(alert, self.updated_at, None)
        if alert is None or alert.assigned_by or alert.owner_id == self.owner_id:
            return []
        addressees = {
            "owner_id": self.owner_id,
            "previous_owner_id": alert.owner_id,
            "customer_owner_id": self.customer_owner_id,
            "leader_id": self.leader_id,
        }
        return [(customer_id, AlertReaddressed(**{**state, **addressees, "status": alert.status}))]


class Carrying(Struct, frozen=True, gc=False, tag=True):
    """An episode that continues under another customer, because of a merge or because one was undone."""

    episode: Episode
    from_customer_id: UUID
    to_customer_id: UUID
    updated_at: datetime
    # None if a restore has lost the event.
    cause: UUID | None

    @property
    def alert_id(self) -> UUID:
        return self.episode.alert_id

    @property
    def origin(self) -> UUID | None:
        """Return the customer under which the alert was raised, if it is another one now."""
        origin = self.episode.origin or self.from_customer_id
        return None if origin == self.to_customer_id else origin

    @property
    def carried(self) -> Episode:
        """Return the episode under the other customer. It knows under which customer it was raised."""
        return replace(self.episode, origin=self.origin)

    def events(self, _customer_id: UUID, alert: AlertState | None) -> list[Told]:
        state = {**state_of(alert, self.updated_at, None), "status": status_of(alert)}
        carried = {**state, "origin_customer_id": self.origin}
        return [
            (self.from_customer_id, AlertCarriedAway(**state, to_customer_id=self.to_customer_id)),
            (self.to_customer_id, AlertCarriedIn(**carried, from_customer_id=self.from_customer_id)),
        ]


class CareReporting(Struct, frozen=True, gc=False, tag=True):
    """What became of the care task of an alert. It has a stream of its own: the alert may have ended before."""

    report: CareReported
    cause: UUID

    @property
    def alert_id(self) -> UUID:
        """Return the stream of the report."""
        return report_stream(self.report.alert_id)

    def events(self, customer_id: UUID, _alert: object) -> list[Told]:
        return [(customer_id, self.report)]


# A change of an alert: it states its events, and can be stored.
AlertChange: TypeAlias = Raising | Ending | Moving | Readdressing | Carrying | CareReporting


def report_stream(alert_id: UUID) -> UUID:
    """Return the stream of the reports on the care task of an alert."""
    return uuid5(alert_id, "care")


def state_of(alert: AlertState | None, updated_at: datetime, cause: UUID | None) -> dict[str, Any]:
    """Return the fields of an alert after a change. Raises LookupError if the store does not have the alert."""
    if alert is None:
        raise LookupError("an episode is open whose alert is not in the store")
    causes = (*alert.causes, cause) if cause and cause not in alert.causes else alert.causes
    kept = alert.model_dump(include=AlertState.model_fields.keys() - {"status"})
    return {**kept, "updated_at": updated_at, "causes": causes}


def status_of(alert: AlertState | None) -> str | None:
    return alert.status if alert else None
