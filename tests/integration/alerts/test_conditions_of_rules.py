"""Rules that apply to some customers: by attributes, in CEL."""

from typing import Any

import pytest

from chassis.rules.yaml_text import write_yaml
from contracts.customer import CustomerErased, ProfileChanged, TagAdded, TagRemoved
from contracts.examples import example
from contracts.followup import TaskScheduled
from services.alerts.detection import preview
from tests.support.rule_desk import RuleDesk, days_ago, kinds, silence

TAGGED = "'key' in tags"
# Fails while the customer has no tag.
FAILING = "tags[0] == 'key'"
TASKS: dict[str, Any] = {"condition": {"shape": "owed", "item": "task"}}


def tagged(tag: str = "key") -> TagAdded:
    return TagAdded(tag=tag, vocabulary_number=1)


async def failures(desk: RuleDesk) -> list[dict[str, Any]]:
    return list((await desk.done("GET", "/v1/rules/calls/failures"))["items"])


async def test_a_tag_begins_and_ends_what_the_rule_watches(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await desk.publish("calls", silence(7, applies=TAGGED))
    await desk.settle()
    assert await desk.told("calls") == []
    await desk.tell(customer_id, tagged())
    await desk.settle()
    removed = await desk.tell(customer_id, TagRemoved(tag="key"))
    [raised, cleared] = await desk.told("calls")
    assert kinds([raised, cleared]) == ["raised", "cleared"]
    assert cleared.metadata.causation_id == removed


@pytest.mark.parametrize(
    ("condition", "raised"),
    [
        ("region == '华东'", True),
        ("region == '华北'", False),
        ("industry == ''", True),
        ("tier == 'vip' || has_owner", True),
        ("stage == 'new' && mode == 'follow-up' && size(tags) == 0", True),
    ],
)
async def test_a_rule_applies_by_attributes(desk: RuleDesk, condition: str, raised: bool) -> None:
    customer_id = await desk.customer(10)
    await desk.tell(customer_id, ProfileChanged(region="华东"))
    await desk.publish("calls", silence(7, applies=condition))
    await desk.settle()
    assert bool(await desk.told("calls")) == raised


async def test_a_condition_that_fails_changes_nothing_and_is_shown_until_it_can_be_evaluated(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    other_id = await desk.customer(10)
    await desk.tell(customer_id, tagged())
    await desk.publish("calls", silence(7, applies=FAILING))
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]
    assert [each["customer_id"] for each in await failures(desk)] == [str(other_id)]

    await desk.tell(customer_id, TagRemoved(tag="key"))
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]
    found = await failures(desk)
    assert {each["customer_id"] for each in found} == {str(customer_id), str(other_id)}
    assert all("index" in each["reason"].lower() for each in found)
    assert all(each["reason_zh"] == f"表达式无法求值：{each['reason']}" for each in found)

    await desk.tell(customer_id, tagged("other"))
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised", "cleared"]
    assert [each["customer_id"] for each in await failures(desk)] == [str(other_id)]

    await desk.retire("calls")
    await desk.settle()
    assert await failures(desk) == []


async def test_a_tag_concerns_all_tasks_of_the_customer(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await desk.retire("missed-follow-up")
    await desk.publish("calls", silence(7, **TASKS, applies=TAGGED))
    await desk.tell(customer_id, example(TaskScheduled, due_at=days_ago(2)), days_ago(3))
    await desk.settle()
    assert await desk.told("calls") == []
    await desk.tell(customer_id, tagged())
    await desk.settle()
    await desk.tell(customer_id, TagRemoved(tag="key"))
    assert kinds(await desk.told("calls")) == ["raised", "cleared"]


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ("region = '华东'", "line 1, column 8"),
        ("regoin == 'x'", "line 1, column 1"),
        ("tier == 3", "line 1, column 6"),
        ("tier ==\n 'vip' && now() > 1", "line 2, column 14"),
        ("tier", "line 1, column 1"),
        ("x" * 1_001, "1000 characters"),
    ],
)
async def test_a_condition_that_is_wrong_is_refused_with_its_place(desk: RuleDesk, condition: str, place: str) -> None:
    response = await desk.ask("POST", "/v1/rules/validation", {"definition": silence(7, applies=condition)})
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["pointer"] == "/definition/applies"
    assert place in error["detail"]


@pytest.mark.parametrize("condition", ["1/0 == 1", "int('x') > 1", "tags[50] == 'key'", "region == '' || 1/0 == 1"])
async def test_a_condition_that_fails_on_every_customer_is_refused(desk: RuleDesk, condition: str) -> None:
    definition = silence(7, applies=condition)
    saved = ("PUT", "/v1/rules/calls/draft", {"definition": definition, "reason": "A test"})
    asked = [("POST", f"/v1/rules/{path}", {"definition": definition}) for path in ("validation", "calls/preview")]
    fails_always = not condition.startswith("region")
    for method, path, body in (saved, *asked):
        response = await desk.ask(method, path, body)
        assert response.status_code == 422 if fails_always else response.is_success, (path, response.text)
        if fails_always:
            assert [error["pointer"] for error in response.json()["errors"]] == ["/definition/applies"]
            assert "fails on every customer" in response.json()["errors"][0]["detail"]
    text = write_yaml({"rules": {"calls": definition}})
    [found] = (await desk.done("POST", "/v1/rules/import", {"yaml": text, "reason": "A test"}))["items"]
    assert found["outcome"] == ("failed" if fails_always else "unchanged")
    assert [error["pointer"] for error in found["errors"]] == (["/applies"] if fails_always else [])


async def test_a_preview_says_on_which_customers_the_condition_fails(
    desk: RuleDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MAX_FAILURES", 2)
    tagged_id, *others, erased_id = [await desk.customer(10) for _ in range(5)]
    await desk.tell(tagged_id, tagged())
    await desk.tell(erased_id, example(CustomerErased))
    seen = await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(7, applies=FAILING)})
    assert (seen["customers"], seen["open"], seen["failing"]) == (5, 1, 3)
    assert [each["customer_id"] for each in seen["failures"]] == sorted(map(str, others))[:2]
    assert all("index" in each["reason"].lower() for each in seen["failures"])
    assert all(each["reason_zh"].startswith("表达式无法求值") for each in seen["failures"])


async def test_a_condition_fails_on_no_erased_customer(desk: RuleDesk) -> None:
    customer_id, erased_id = [await desk.customer(10) for _ in range(2)]
    await desk.publish("calls", silence(7, applies=FAILING))
    await desk.settle()
    assert {each["customer_id"] for each in await failures(desk)} == {str(customer_id), str(erased_id)}
    await desk.tell(erased_id, example(CustomerErased))
    await desk.settle()
    assert [each["customer_id"] for each in await failures(desk)] == [str(customer_id)]
