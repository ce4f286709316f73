"""Rules that count some events of a signal only, by an expression: the past, failures, the preview, shadow, limits."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.rules.yaml_text import read_yaml
from contracts.customer import Merged
from contracts.examples import example
from contracts.followup import ComplaintRaised, Severity
from services.alerts.api import rule_life
from tests.support.rule_desk import RuleDesk, days_ago, kinds, silence

CRITICAL = "severity == 'critical'"
# Fails for a critical complaint, and not for others.
FAILING = "severity == 'critical' ? 1/0 == 1 : true"


def counting(counts: str | None = CRITICAL, times: int = 2, days: int = 30, **others: Any) -> dict[str, Any]:
    condition = {"shape": "count", "signal": "complaint", "times": times, "days": days}
    return silence(7, condition={**condition, **({"counts": counts} if counts else {})}, **others)


async def complain(desk: RuleDesk, customer_id: UUID, at: float, severity: Severity = Severity.CRITICAL) -> UUID:
    return await desk.tell(customer_id, example(ComplaintRaised, severity=severity), days_ago(at), stream_id=uuid4())


async def failures(desk: RuleDesk, rule: str = "severe") -> list[dict[str, Any]]:
    return list((await desk.done("GET", f"/v1/rules/{rule}/failures"))["items"])


async def explained(desk: RuleDesk, customer_id: UUID, rule: str = "severe") -> dict[str, Any]:
    return dict(await desk.done("GET", f"/v1/customers/{customer_id}/rules/{rule}"))


async def test_a_rule_with_a_new_expression_finds_the_past_and_then_what_comes(desk: RuleDesk) -> None:
    severe, mild, later = [await desk.customer(60) for _ in range(3)]
    causes = [await complain(desk, severe, 20), await complain(desk, severe, 10)]
    for at in (20, 15, 10):
        await complain(desk, mild, at, Severity.LOW)
    await complain(desk, later, 5)
    await desk.publish("severe", counting())
    await desk.settle()
    assert [each.subject for each in await desk.told("severe")] == [severe]
    last = await complain(desk, later, 0)
    [first, second] = await desk.told("severe")
    assert (second.subject, second.metadata.causation_id) == (later, last)
    assert list(first.event.causes) == [*causes, *await desk.published("severe")]
    assert (first.event.value, second.event.value) == (2, 2)


async def test_the_past_of_a_merged_duplicate_counts(desk: RuleDesk) -> None:
    survivor, duplicate = await desk.customer(60), await desk.customer(60)
    await complain(desk, survivor, 20)
    await complain(desk, duplicate, 10)
    await desk.tell(duplicate, Merged(into_customer_id=survivor))
    await desk.publish("severe", counting())
    await desk.settle()
    assert [each.subject for each in await desk.told("severe")] == [survivor]


async def test_an_event_before_the_sweep_is_judged_with_the_past(desk: RuleDesk) -> None:
    customer_id = await desk.customer(60)
    await complain(desk, customer_id, 10)
    await desk.publish("severe", counting())
    await desk.follow()
    last = await complain(desk, customer_id, 0)
    [raised] = await desk.told("severe")
    assert (kinds([raised]), raised.metadata.causation_id) == (["raised"], last)


async def test_an_explanation_before_the_sweep_knows_the_past(desk: RuleDesk) -> None:
    customer_id = await desk.customer(60)
    for at in (20, 10):
        await complain(desk, customer_id, at)
    await desk.publish("severe", counting())
    await desk.follow()
    found = await explained(desk, customer_id)
    assert (found["is_watched"], len(found["watched"][0]["causes"])) == (True, 2)


async def test_a_preview_counts_only_what_the_expression_selects(desk: RuleDesk) -> None:
    severe, mild = [await desk.customer(60) for _ in range(2)]
    for at in (20, 10):
        await complain(desk, severe, at)
        await complain(desk, mild, at, Severity.LOW)
    for counts, expected in ((None, 2), (CRITICAL, 1), ("severity == 'high'", 0)):
        seen = await desk.done("POST", "/v1/rules/severe/preview", {"definition": counting(counts)})
        assert (seen["open"], sum(each["count"] for each in seen["past"]["weeks"])) == (expected, expected)
    assert [await desk.told("severe"), await failures(desk)] == [[], []]


async def test_an_expression_that_fails_is_shown_with_customer_and_reason(desk: RuleDesk) -> None:
    customer_id, other_id = [await desk.customer(60) for _ in range(2)]
    await complain(desk, customer_id, 10)
    await complain(desk, customer_id, 5, Severity.LOW)
    await complain(desk, other_id, 5, Severity.LOW)
    seen = await desk.done("POST", "/v1/rules/severe/preview", {"definition": counting(FAILING, times=1)})
    assert (seen["failing"], seen["open"]) == (1, 2)
    assert [each["customer_id"] for each in seen["failures"]] == [str(customer_id)]

    await desk.publish("severe", counting(FAILING))
    await desk.settle()
    [failure] = await failures(desk)
    assert failure["customer_id"] == str(customer_id)
    assert "divide by zero" in failure["reason"]
    found = await explained(desk, customer_id)
    assert found["reason"]["code"] == "expression-failed"
    assert "divide by zero" in found["reason"]["text"]["zh"]
    other = (await explained(desk, other_id))["reason"]
    assert other["code"] == "nothing-to-watch"
    assert FAILING in other["text"]["en"]
    assert FAILING in other["text"]["zh"]

    await complain(desk, customer_id, 0, Severity.LOW)
    assert [each.subject for each in await desk.told("severe")] == [customer_id]
    await complain(desk, other_id, 0)
    assert {each["customer_id"] for each in await failures(desk)} == {str(customer_id), str(other_id)}

    await desk.publish("severe", counting())
    await desk.settle()
    assert await failures(desk) == []


async def test_a_failure_is_over_when_its_event_is_too_old_to_count(desk: RuleDesk) -> None:
    customer_id = await desk.customer(60)
    await complain(desk, customer_id, 10)
    await desk.publish("severe", counting(FAILING, days=11))
    await desk.settle()
    assert len(await failures(desk)) == 1
    await desk.pool.execute("UPDATE rule_failure SET over_at = now()")
    assert await failures(desk) == []
    await desk.publish("severe", counting(FAILING, days=10))
    await desk.settle()
    assert await failures(desk) == []
    assert await desk.pool.fetchval("SELECT count(*) FROM rule_failure") == 0


async def test_a_draft_in_shadow_counts_by_its_expression(desk: RuleDesk) -> None:
    customer_id, mild = [await desk.customer(60) for _ in range(2)]
    await complain(desk, customer_id, 20)
    await complain(desk, mild, 20, Severity.LOW)
    number = await desk.draft("severe", counting())
    await desk.done("POST", "/v1/rules/severe/shadow", {"draft": number, "reason": "A test"})
    await desk.settle()
    await complain(desk, customer_id, 0)
    await complain(desk, mild, 0, Severity.LOW)
    episodes = (await desk.done("GET", "/v1/rules/severe/shadow-episodes"))["items"]
    assert [each["customer_id"] for each in episodes] == [str(customer_id)]
    assert await desk.told("severe") == []


async def test_the_rule_says_what_it_counts_and_exports_it(desk: RuleDesk) -> None:
    await desk.publish("severe", counting())
    await desk.settle()
    listed = {each["name"]: each for each in (await desk.done("GET", "/v1/rules"))["items"]}
    assert CRITICAL in listed["severe"]["sentence"]["en"]
    assert CRITICAL in listed["severe"]["sentence"]["zh"]
    text = (await desk.ask("GET", "/v1/rules/export")).text
    assert read_yaml(text)["rules"]["severe"]["condition"]["counts"] == CRITICAL
    [same] = (await desk.done("POST", "/v1/rules/import", {"yaml": only("severe", text), "reason": "A test"}))["items"]
    assert same["outcome"] == "unchanged"
    changed = only("severe", text).replace("critical", "high")
    [other] = (await desk.done("POST", "/v1/rules/import", {"yaml": changed, "reason": "A test"}))["items"]
    assert other["outcome"] == "drafted"
    wrong = changed.replace("severity", "severty")
    [failed] = (await desk.done("POST", "/v1/rules/import", {"yaml": wrong, "reason": "A test"}))["items"]
    assert failed["errors"][0]["pointer"] == "/condition/counts"


def only(name: str, text: str) -> str:
    """Return the export with one rule only."""
    lines = text.splitlines()
    first = lines.index(f"  {name}:")
    last = next((n for n in range(first + 1, len(lines)) if not lines[n].startswith("   ")), len(lines))
    return "\n".join([lines[0], *lines[first:last], ""])


@pytest.mark.parametrize(
    ("counts", "place"),
    [
        ("severity = 'critical'", "line 1, column 10"),
        ("owner_id == 'E1'", "line 1, column 1"),
        ("1/0 == 1", "fails on every event"),
    ],
)
async def test_an_expression_that_is_wrong_is_refused_at_its_field(desk: RuleDesk, counts: str, place: str) -> None:
    for path in ("validation", "severe/preview"):
        response = await desk.ask("POST", f"/v1/rules/{path}", {"definition": counting(counts)})
        [error] = response.json()["errors"]
        assert (response.status_code, error["pointer"]) == (422, "/definition/condition/counts")
        assert place in error["detail"]


async def test_the_number_of_expressions_is_limited(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule may be changed, and share the expression of another one."""
    monkeypatch.setattr(rule_life, "MAX_FEATURES", 2)
    await desk.publish("first", counting())
    await desk.publish("second", counting("severity == 'high'"))
    await desk.settle()
    number = await desk.draft("third", counting("severity == 'low'"))
    seen = await desk.done("POST", "/v1/rules/third/preview", {"definition": counting("severity == 'low'")})
    body = {"draft": number, "reason": "A test"}
    publication = {**body, "preview": seen["preview"], "backlog": "raise"}
    for step, sent in (("shadow", body), ("publication", publication)):
        response = await desk.ask("POST", f"/v1/rules/third/{step}", sent)
        assert (response.status_code, response.json()["code"]) == (409, "too-many-expressions")
        assert "`counts`" in response.json()["detail"]
    await desk.publish("second", counting("severity == 'low'"))
    await desk.settle()
    await desk.publish("third", counting("severity == 'low'", times=3))
    await desk.publish("fourth", counting(None))
    await desk.settle()
    assert len((await desk.current(desk.rules)).features.names) == 2
