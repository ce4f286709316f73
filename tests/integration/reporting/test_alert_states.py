"""Alerts that are handled or carried: status, customer and counts."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import uuid5

import pytest

from chassis.consume.fact_log.model import FactModel
from chassis.postgres.database import Pool, transaction
from contracts import alerts
from contracts.alerts import Status
from contracts.event import Envelope, Event
from contracts.examples import ALERT_ID, CUSTOMER_ID, example, example_envelope
from services.reporting.projection.tables import ALERT
from services.reporting.queries.alerts import AlertFilters, open_counts, page
from tests.support.facts import fact_of

SURVIVOR_ID = uuid5(CUSTOMER_ID, "survivor")
ACKNOWLEDGED = example(alerts.AlertAcknowledged)
ROW = "SELECT customer_id, status, acknowledged_by, escalation_level FROM alert"


def told(position: int, event: Event, customer: Any = CUSTOMER_ID) -> Envelope[Any]:
    return example_envelope(event, subject=customer, stream_id=ALERT_ID, version=position, position=position)


def carried(kind: type[Event], **fields: Any) -> Event:
    return example(kind, status=Status.ACKNOWLEDGED, acknowledged_by="E1007", escalation_level=2, **fields)


CARRIED = (
    told(1, example(alerts.AlertRaised)),
    told(2, carried(alerts.AlertCarriedAway, to_customer_id=SURVIVOR_ID)),
    told(3, carried(alerts.AlertCarriedIn, from_customer_id=CUSTOMER_ID), SURVIVOR_ID),
)


async def apply(pool: Pool, *envelopes: Envelope[Any]) -> None:
    async with transaction(pool) as held:
        await FactModel([ALERT]).apply([fact_of(each) for each in envelopes], held)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_carried_alert_is_that_of_its_new_customer_in_any_order(
    read_model: Pool, order: tuple[int, ...]
) -> None:
    for number in order:
        await apply(read_model, CARRIED[number])
    assert [tuple(row) for row in await read_model.fetch(ROW)] == [(SURVIVOR_ID, "acknowledged", "E1007", 2)]


async def test_an_alert_that_returns_is_that_of_its_first_customer_again(read_model: Pool) -> None:
    await apply(read_model, told(5, carried(alerts.AlertCarriedIn, from_customer_id=SURVIVOR_ID)), *CARRIED)
    away = told(4, carried(alerts.AlertCarriedAway, to_customer_id=CUSTOMER_ID), SURVIVOR_ID)
    await apply(read_model, away)
    assert await read_model.fetchval("SELECT customer_id FROM alert") == CUSTOMER_ID


async def test_two_processes_that_apply_events_of_one_alert_leave_the_latest(read_model: Pool) -> None:
    await apply(read_model, CARRIED[0])
    async with transaction(read_model) as held:
        await FactModel([ALERT]).apply([fact_of(CARRIED[2])], held)
        other = asyncio.create_task(apply(read_model, CARRIED[1]))
        # Until the first one commits, the other waits: it would not see these facts.
        done, _ = await asyncio.wait({other}, timeout=0.3)
        assert not done
    await other
    assert await read_model.fetchval("SELECT customer_id FROM alert") == SURVIVOR_ID


async def test_an_acknowledged_alert_is_open(read_model: Pool) -> None:
    await apply(read_model, CARRIED[0], told(2, ACKNOWLEDGED))
    async with transaction(read_model) as held:
        assert [each.open for each in await open_counts(held, None)] == [1]
        (found,) = await page(held, AlertFilters(is_open=True), None, None, 10)
        assert (found.status, found.acknowledged_by) == (
            Status.ACKNOWLEDGED,
            ACKNOWLEDGED.acknowledged_by,
        )
        assert not await page(held, AlertFilters(status=Status.FIRING), None, None, 10)
