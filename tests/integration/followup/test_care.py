"""Care tasks that alerts ask for: scheduled once, for somebody who is there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import transaction
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertRaised, CareRequest
from contracts.event import Envelope
from contracts.examples import LEADER, OWNER, example, example_envelope
from contracts.followup import TaskScheduled
from services.followup.__main__ import dependencies
from services.followup.care.requests import CareRequests, task_of
from tests.integration.followup.conftest import World
from tests.support.appends import rows_of
from tests.unit.chassis.issuer import ISSUER

DEDICATED = "E2002"
DUE = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
async def care(world: World) -> CareRequests:
    settings = Settings.model_validate(
        {"database_url": "unused", "issuer": ISSUER, "jwks_url": f"{ISSUER}/jwks", "pseudonym_key": "k" * 32}
    )
    needs = dependencies(ServiceContext(settings, world.pool, Supervisor(), None))  # type: ignore[arg-type]
    return CareRequests(world.pool, customers=needs.customers, tasks=needs.tasks)


def raised(customer_id: UUID, assignee_id: str | None = None) -> Envelope[Any]:
    request = CareRequest(purpose="care", due_at=DUE, assignee_id=assignee_id)
    alert = example(
        AlertRaised, alert_id=uuid4(), care=request, rule_id="inactivity", customer_owner_id=OWNER, leader_id=LEADER
    )
    return example_envelope(alert, subject=customer_id, id=uuid4())


async def receive(world: World, care: CareRequests, *alerts: Envelope[Any]) -> None:
    async with transaction(world.pool) as held:
        await care.receive(alerts, held)


async def scheduled(world: World, alert: Envelope[Any]) -> list[Any]:
    rows = await rows_of(EventStore(world.pool), task_of(alert.event.alert_id))
    return [EventMapper().to_envelope(row).event for row in rows]


async def test_the_task_of_an_alert_is_scheduled_once_for_its_employee(world: World, care: CareRequests) -> None:
    alert = raised(await world.hears_of_customer(), DEDICATED)
    await receive(world, care, alert)
    await receive(world, care, alert, alert)
    (event,) = await scheduled(world, alert)
    assert isinstance(event, TaskScheduled)
    assert (event.assignee_id, event.due_at, event.purpose) == (DEDICATED, DUE, "care")
    assert (event.alert_id, event.alert_rule) == (alert.event.alert_id, "inactivity")


async def test_the_owner_gets_the_task_if_nobody_is_named_and_a_stand_in_for_an_absent_employee(
    world: World, care: CareRequests
) -> None:
    alert, other = raised(await world.hears_of_customer()), raised(uuid4())
    absence = {"first_day": str((DUE - timedelta(days=1)).date()), "last_day": str((DUE + timedelta(days=1)).date())}
    answered = await world.post(f"/v1/employees/{DEDICATED}/absences", {**absence, "stand_in_id": LEADER})
    assert answered.status_code == 201, answered.text
    await world.lists_are_level()
    absent = raised(await world.hears_of_customer(), DEDICATED)
    # Of the second alert, this service does not know the customer yet.
    await receive(world, care, alert, other, absent)
    found = [(await scheduled(world, each))[0].assignee_id for each in (alert, other, absent)]
    assert found == [OWNER, OWNER, LEADER]


async def test_an_alert_without_a_request_schedules_nothing(world: World, care: CareRequests) -> None:
    alert = example_envelope(example(AlertRaised, alert_id=uuid4(), care=None), subject=await world.hears_of_customer())
    await receive(world, care, alert)
    assert await scheduled(world, alert) == []


async def test_each_episode_of_a_rule_gets_one_task_whatever_became_of_the_task_before(
    world: World, care: CareRequests
) -> None:
    customer_id = await world.hears_of_customer()
    episodes = first, second, third = [raised(customer_id) for _ in range(3)]
    await receive(world, care, first)
    await receive(world, care, second, second)
    done = await world.post(f"/v1/tasks/{task_of(second.event.alert_id)}/completion", {"employee_id": OWNER})
    assert done.status_code == 200, done.text
    await receive(world, care, third, second, first)
    kinds = [[type(event).__name__ for event in await scheduled(world, each)] for each in episodes]
    assert kinds == [["TaskScheduled"], ["TaskScheduled", "TaskCompleted"], ["TaskScheduled"]]
