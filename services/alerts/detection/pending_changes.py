"""Stores changes of alerts whose events are appended later, because one customer has very many at once (ADR 0046)."""

from collections.abc import Collection, MutableMapping, Sequence
from typing import Any, Final, TypeAlias, get_origin
from uuid import UUID

import msgspec
from pydantic import BaseModel

from chassis.postgres.database import Connection
from contracts.cloudevents import type_of
from contracts.event import Event, Metadata
from contracts.topics import EVENT_TYPES
from services.alerts.engine.changes import AlertChange, CareReporting, Carrying, Ending, Moving, Raising, Readdressing
from services.alerts.engine.episode import Episode, episode_of

# The customer of an alert that changes, the change, and what caused it.
Caused: TypeAlias = tuple[UUID, AlertChange, Metadata]
# The open episodes of customers, by alert id.
OpenEpisodes: TypeAlias = MutableMapping[UUID, dict[str, Episode]]

STORE = """
    INSERT INTO pending_change (alert_id, customer_id, change)
    SELECT alert_id, customer_id, change
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) WITH ORDINALITY AS n(alert_id, customer_id, change, place)
    ORDER BY place
"""
# The alerts whose changes have waited longest, with at most $2 changes, or one alert.
NEXT = """
    WITH first AS (
        SELECT alert_id, min(number) AS number FROM (
            SELECT alert_id, number FROM pending_change WHERE alert_id <> ALL($1) ORDER BY number LIMIT $2
        ) AS waiting GROUP BY alert_id
    ), counted AS (
        SELECT *, (SELECT count(*) FROM pending_change p WHERE p.alert_id = first.alert_id) AS changes FROM first
    )
    SELECT alert_id FROM (SELECT *, sum(changes) OVER (ORDER BY number) AS upto FROM counted) AS summed
    WHERE upto <= $2 OR upto = changes ORDER BY number
"""
# Locked in order: others take the changes of the same alerts.
TAKE = """
    WITH locked AS (SELECT number FROM pending_change WHERE alert_id = ANY($1) ORDER BY number FOR UPDATE),
        taken AS (DELETE FROM pending_change p USING locked WHERE p.number = locked.number RETURNING p.number, change)
    SELECT change FROM taken ORDER BY number
"""
OF_CUSTOMERS = "SELECT change FROM pending_change WHERE customer_id = ANY($1) ORDER BY number"
CUSTOMERS = "SELECT DISTINCT customer_id FROM pending_change"


def as_plain(value: type[Event] | BaseModel) -> str:
    """Return what stands for an event, for the type of one, or for metadata."""
    return type_of(value) if isinstance(value, type) else value.model_dump_json()


def from_plain(kind: Any, value: str) -> Any:
    return EVENT_TYPES[value] if get_origin(kind) is type else kind.model_validate_json(value)


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=as_plain)
_decoder: Final = msgspec.msgpack.Decoder(Caused, dec_hook=from_plain)


async def store(held: Connection, changes: Sequence[Caused]) -> None:
    """Add changes after those that are stored."""
    if changes:
        rows = [(each[1].alert_id, customer_after(each), _encoder.encode(each)) for each in changes]
        await held.execute(STORE, *map(list, zip(*rows, strict=True)))


def customer_after(caused: Caused) -> UUID:
    """Return the customer that has the alert after the change."""
    customer_id, change, _ = caused
    return change.to_customer_id if isinstance(change, Carrying) else customer_id


async def following(held: Connection, without: Collection[UUID], limit: int) -> list[UUID]:
    """Return the alerts whose changes are next: up to `limit` changes, but all of each alert."""
    return [each for (each,) in await held.fetch(NEXT, list(without), limit)]


async def take(held: Connection, alert_ids: Collection[UUID]) -> list[Caused]:
    """Delete all changes of these alerts, and return them in order."""
    return [_decoder.decode(each) for (each,) in await held.fetch(TAKE, list(alert_ids))]


async def customers(held: Connection) -> set[UUID]:
    """Return the customers with stored changes."""
    return {each for (each,) in await held.fetch(CUSTOMERS)}


async def change_episodes(held: Connection, customer_ids: Collection[UUID], episodes: OpenEpisodes) -> None:
    """Change the open episodes of customers as their stored changes say: the memory is ahead of the events."""
    for (each,) in await held.fetch(OF_CUSTOMERS, list(customer_ids)):
        customer_id, change, _ = _decoder.decode(each)
        change_episode(customer_id, change, episodes)


def change_episode(customer_id: UUID, change: AlertChange, episodes: OpenEpisodes) -> None:
    key, own = str(change.alert_id), episodes.setdefault(customer_id, {})
    match change:
        case Raising():
            own[key] = episode_of(change.alert)
        case Ending():
            own.pop(key, None)
        case Carrying():
            episodes.setdefault(change.from_customer_id, {}).pop(key, None)
            episodes.setdefault(change.to_customer_id, {})[key] = change.carried
        case Moving() | Readdressing():
            own[key] = change.after(own.get(key, change.episode))
        case CareReporting():
            pass
