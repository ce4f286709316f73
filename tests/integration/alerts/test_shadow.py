"""Rules in shadow: detected and recorded, and nobody is told."""

from typing import Any
from uuid import UUID

import pytest

from contracts.customer import StageChanged
from contracts.customer.life import Stage
from contracts.examples import example
from contracts.followup import TaskCompleted, TaskScheduled
from tests.support.rule_desk import RuleDesk, days_ago, kinds, silence

OTHERS = {"shape": "owed", "item": "task", "grace_minutes": 5}


async def shadow(desk: RuleDesk, name: str, definition: dict[str, Any]) -> None:
    number = await desk.draft(name, definition)
    await desk.done("POST", f"/v1/rules/{name}/shadow", {"draft": number, "reason": "A test"})


async def seen(desk: RuleDesk, name: str) -> list[dict[str, Any]]:
    found = await desk.done("GET", f"/v1/rules/{name}/shadow-episodes")
    return [dict(each) for each in found["items"]]


async def test_an_episode_of_a_rule_in_shadow_is_recorded_and_told_nobody(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await shadow(desk, "calls", silence(7))
    await desk.settle()

    [episode] = await seen(desk, "calls")
    assert (episode["customer_id"], episode["owner_id"], episode["ended_at"]) == (str(customer_id), "E1", None)
    assert await desk.told() == []
    [counts] = (await desk.done("GET", "/v1/rules/calls/shadow"))["items"]
    assert (counts["number"], counts["open"], counts["ended"], counts["customers"]) == (2, 1, 0, 1)


async def test_an_event_ends_an_episode_in_shadow(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await shadow(desk, "calls", silence(7))
    await desk.settle()
    await desk.tell(customer_id, StageChanged(previous=Stage.NEW, stage=Stage.LOST))
    [episode] = await seen(desk, "calls")
    assert episode["ended_at"]


async def test_an_episode_about_a_task_ends_with_that_task_and_not_with_another(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await shadow(desk, "late-tasks", silence(7, condition=OTHERS))
    due = [days_ago(2), days_ago(1)]
    tasks = [UUID(int=number, version=4) for number in (1, 2)]
    for task_id, due_at in zip(tasks, due, strict=True):
        await desk.tell(customer_id, example(TaskScheduled, due_at=due_at), days_ago(3), stream_id=task_id)
    await desk.settle()
    assert [each["ended_at"] for each in await seen(desk, "late-tasks")] == [None, None]

    await desk.tell(customer_id, example(TaskCompleted, due_at=due[0]), stream_id=tasks[0])
    await desk.settle()

    ended = {each["concerns_id"]: each["ended_at"] is not None for each in await seen(desk, "late-tasks")}
    assert ended == {str(tasks[0]): True, str(tasks[1]): False}


@pytest.mark.parametrize(("backlog", "told"), [("raise", ["raised"]), ("digest", ["raised"]), ("skip", [])])
async def test_a_publication_ends_the_shadow_and_raises_by_the_backlog_policy(
    desk: RuleDesk, backlog: str, told: list[str]
) -> None:
    await desk.customer(10)
    await shadow(desk, "calls", silence(7))
    await desk.settle()
    await desk.publish("calls", silence(7), backlog)
    await desk.settle()
    assert [each["ended_at"] is not None for each in await seen(desk, "calls")] == [True]
    assert kinds(await desk.told("calls")) == told
    [listed] = [each for each in (await desk.done("GET", "/v1/rules"))["items"] if each["name"] == "calls"]
    assert (listed["phase"], listed["open"], listed["draft"]["is_in_shadow"]) == ("published", len(told), False)


async def test_the_version_in_force_goes_on_while_another_one_is_in_shadow(desk: RuleDesk) -> None:
    await shadow(desk, "inactivity", silence(3))
    await desk.customer(5)
    await desk.customer(40)
    await desk.settle()
    assert len(await seen(desk, "inactivity")) == 2
    assert kinds(await desk.told("inactivity")) == ["raised"]


async def test_a_new_draft_ends_the_shadow(desk: RuleDesk) -> None:
    await desk.customer(10)
    await shadow(desk, "calls", silence(7))
    await desk.settle()
    await desk.draft("calls", silence(8))
    await desk.settle()
    assert [each["ended_at"] is not None for each in await seen(desk, "calls")] == [True]


async def test_the_customers_on_which_a_condition_in_shadow_fails_are_shown_until_the_shadow_ends(
    desk: RuleDesk,
) -> None:
    customer_id = await desk.customer(10)
    await shadow(desk, "calls", silence(7, applies="tags[0] == 'key'"))
    await desk.settle()
    [failure] = (await desk.done("GET", "/v1/rules/calls/failures"))["items"]
    assert failure["customer_id"] == str(customer_id)
    await desk.draft("calls", silence(7))
    await desk.settle()
    assert (await desk.done("GET", "/v1/rules/calls/failures"))["items"] == []
