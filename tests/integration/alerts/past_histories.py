"""Random histories of alerts: raised, handled, moved, carried, ended and raised again, some of it recorded late."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from chassis.postgres.database import Pool, transaction
from chassis.store.mapper import EventMapper
from contracts import alerts
from contracts.alerts import AlertState, Status
from contracts.event import Envelope, Event
from contracts.examples import CUSTOMER_ID, example, example_envelope
from services.alerts import projection

Chance = random.Random
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
CUSTOMERS = tuple(uuid5(CUSTOMER_ID, f"past {number}") for number in range(3))
OWNERS = ("E1", "E2", None)
RULES = ("inactivity", "missed-follow-up")
LONGEST_DAYS, MOST_TRANSITIONS = 20, 9
INSERT = """
    INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def histories(chance: Chance, count: int) -> list[Envelope[Any]]:
    """Return the histories of so many alerts, interleaved in the order of recording."""
    each = [list(history(chance, uuid5(CUSTOMER_ID, f"past alert {number}"))) for number in range(count)]
    found = sorted((event for events in each for event in events), key=lambda event: event.recorded_at)
    return [replace(event, position=position) for position, event in enumerate(found, 1)]


def history(chance: Chance, alert_id: UUID) -> Iterator[Envelope[Any]]:
    """Yield the transitions of one alert. It is recorded up to some days after it occurred."""
    recorded, customer, state = chance.uniform(1, LONGEST_DAYS), chance.choice(CUSTOMERS), None
    rule_id = chance.choice(RULES)
    for version in range(1, chance.randint(1, MOST_TRANSITIONS) + 1):
        occurred = recorded - chance.choice((0, 0, chance.uniform(0, 4)))
        event = transition(chance, state, occurred, alert_id, rule_id)
        if isinstance(event, alerts.AlertCarriedIn):
            customer = chance.choice(CUSTOMERS)
        yield example_envelope(
            event,
            id=uuid5(alert_id, str(version)),
            subject=customer,
            stream_id=alert_id,
            version=version,
            occurred_at=day(occurred) if not isinstance(event, alerts.AlertRaised) else event.starts_at,
            recorded_at=day(recorded),
        )
        state, recorded = event, recorded + chance.choice((0, chance.uniform(0, 3)))


def transition(chance: Chance, state: Any, at: float, alert_id: UUID, rule_id: str) -> Event:
    if state is None or state.status is Status.RESOLVED:
        begins = day(at - chance.uniform(0, 2))
        return example(
            alerts.AlertRaised,
            alert_id=alert_id,
            rule_id=rule_id,
            owner_id=chance.choice(OWNERS),
            customer_owner_id="E1",
            silent_since=begins - timedelta(days=1),
            starts_at=begins,
        )
    kinds: Sequence[type[Event]] = (
        *(alerts.AlertCleared, alerts.AlertWithdrawn, alerts.AlertMoved, alerts.AlertAcknowledged),
        *(alerts.AlertCarriedIn, alerts.AlertReaddressed, alerts.AlertEscalated),
    )
    kind = chance.choice(kinds)
    return example(kind, **state.model_dump(include=set(AlertState.model_fields)) | changes(chance, kind, state, at))


def changes(chance: Chance, kind: type[Event], state: Any, at: float) -> dict[str, Any]:
    if kind in (alerts.AlertCleared, alerts.AlertWithdrawn):
        return {"status": Status.RESOLVED, "ends_at": max(day(at), state.silent_since)}
    if kind is alerts.AlertMoved:
        moved = timedelta(days=chance.uniform(-2, 2))
        return {"silent_since": state.silent_since + moved, "starts_at": state.starts_at + moved}
    if kind is alerts.AlertAcknowledged:
        return {"status": Status.ACKNOWLEDGED, "acknowledged_by": "E1", "acknowledged_at": day(at)}
    return {"owner_id": chance.choice(OWNERS)} if kind is alerts.AlertReaddressed else {}


async def store(admin: Pool, envelopes: Sequence[Envelope[Any]]) -> None:
    """Write events to the store as they are, with the times at which they were recorded."""
    for each in envelopes:
        row = EventMapper().to_new_event(each)
        place = (each.position, each.stream_id, each.version, each.subject)
        await admin.execute(INSERT, *place, each.event.type, row.state, each.recorded_at)


async def project(pool: Pool, envelopes: Sequence[Envelope[Any]], chance: Chance) -> None:
    """Apply events in batches of any size."""
    rest = list(envelopes)
    while rest:
        size = chance.randint(1, 20)
        async with transaction(pool) as held:
            await projection.apply(rest[:size], held)
        rest = rest[size:]
