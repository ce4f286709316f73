"""Builds that ship different rules, one after the other or beside each other: no alert is missing or left open."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.examples import example
from contracts.followup import ComplaintRaised
from contracts.topics import PARTITIONS
from services.alerts.detection import sweep
from services.alerts.detection.detector import CONSUMER, FEEDS
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.rule_desk import COMPLETE, RuleDesk, kinds, silence, stored_rules

COUNT = silence(7, condition={"shape": "count", "signal": "complaint", "times": 1, "days": 30})
CALLS = Rule.model_validate({**silence(10), "id": "calls", "version": 1})
SEVERE = Rule.model_validate({**COUNT, "id": "severe", "version": 1})
DUE = "UPDATE silence SET next_due_at = now() - interval '1 hour'"


def later(desk: RuleDesk, rule: Rule) -> RuleDesk:
    """Return a process of a build that ships one more rule."""
    return RuleDesk(
        desk.pool, desk.issuer, StoredRules(RuleBook(rules=(*DEFAULT_RULES.rules, rule))), desk.applied, desk.heard
    )


def earlier(desk: RuleDesk) -> RuleDesk:
    """Return a process of the build without this rule."""
    return RuleDesk(desk.pool, desk.issuer, stored_rules(), desk.applied, desk.heard)


async def some_minutes_pass(desk: RuleDesk) -> None:
    await desk.pool.execute("UPDATE rule_build SET evaluated_at = evaluated_at - interval '5 minutes'")
    await desk.pool.execute("UPDATE rule_sweep SET begun_at = begun_at - interval '5 minutes'")


async def look(desk: RuleDesk) -> None:
    """Let the timers evaluate everybody."""
    await desk.pool.execute(DUE)
    await desk.follow()
    await desk.pool.execute(COMPLETE, CONSUMER, FEEDS, PARTITIONS, datetime.now(UTC))
    assert await desk.detector.run_due()


async def test_a_rule_that_an_earlier_build_does_not_have_leaves_no_alert(desk: RuleDesk) -> None:
    await desk.customer(20)
    await desk.settle()
    new = later(desk, CALLS)
    await new.settle()
    assert kinds(await new.told("calls")) == ["raised"]
    old = earlier(new)
    await old.settle()
    assert kinds(await old.told("calls")) == ["raised"]
    await some_minutes_pass(old)
    await old.settle()
    assert kinds(await old.told("calls")) == ["raised", "cleared"]


async def test_so_also_if_the_later_build_stopped_before_its_sweep(desk: RuleDesk) -> None:
    customer_id = await desk.customer(3)
    await desk.settle()
    new = later(desk, SEVERE)
    await new.tell(customer_id, example(ComplaintRaised))
    await new.follow()
    assert kinds(await new.told("severe")) == ["raised"]
    old = earlier(new)
    await some_minutes_pass(old)
    await old.settle()
    assert kinds(await old.told("severe")) == ["raised", "cleared"]


async def test_what_an_earlier_build_did_not_raise_is_raised_by_the_later_one(desk: RuleDesk) -> None:
    customer_id = await desk.customer(3)
    await desk.settle()
    new = later(desk, SEVERE)
    await new.settle()
    old = earlier(new)
    await old.tell(customer_id, example(ComplaintRaised))
    again = later(old, SEVERE)
    await again.settle()
    assert kinds(await again.told("severe")) == []
    await some_minutes_pass(again)
    await again.settle()
    assert kinds(await again.told("severe")) == ["raised"]


async def test_two_builds_beside_each_other_end_with_the_alerts_of_the_one_that_stays(desk: RuleDesk) -> None:
    await desk.customer(20)
    await desk.settle()
    new = later(desk, CALLS)
    await new.settle()
    desk.applied = new.applied
    await look(desk)
    assert kinds(await desk.told("calls")) == ["raised", "cleared"]
    await new.settle()
    # The other build may still run.
    assert kinds(await new.told("calls")) == ["raised", "cleared"]
    await some_minutes_pass(new)
    await new.settle()
    assert kinds(await new.told("calls"))[-1] == "raised"
    sweeps = await new.pool.fetchval("SELECT max(number) FROM rule_sweep")
    await some_minutes_pass(new)
    await new.settle()
    assert await new.pool.fetchval("SELECT max(number) FROM rule_sweep") == sweeps


async def test_the_order_of_sweeps_does_not_follow_clocks(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MAX_KEPT", 3)
    await desk.customer(20)
    await desk.settle()
    for number in range(3):
        await desk.publish(f"calls-{number}", silence(300))
        await desk.settle()
    # The clock was ahead.
    await desk.pool.execute("UPDATE rule_sweep SET started_at = started_at + interval '1 hour'")
    await desk.publish("calls", silence(10))
    await desk.follow()
    assert [await desk.sweep.run_due() for _ in range(3)] == [1, 0, 0]
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]


async def test_few_marks_of_builds_are_kept(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MAX_KEPT", 2)
    await desk.pool.execute("INSERT INTO rule_build SELECT n, now() - interval '1 day' FROM generate_series(1, 5) n")
    await desk.settle()
    assert await desk.pool.fetchval("SELECT count(*) FROM rule_build") == 2
    shipped = DEFAULT_RULES.fingerprint
    assert await desk.pool.fetchval("SELECT EXISTS (SELECT FROM rule_build WHERE shipped = $1)", shipped)


async def test_a_build_marks_that_it_evaluates_every_few_seconds(desk: RuleDesk) -> None:
    await desk.settle()
    marked_at = await desk.pool.fetchval("SELECT max(evaluated_at) FROM rule_build")
    await desk.settle()
    assert await desk.pool.fetchval("SELECT max(evaluated_at) FROM rule_build") == marked_at
    await some_minutes_pass(desk)
    await desk.customer(1)
    assert await desk.pool.fetchval("SELECT max(evaluated_at) FROM rule_build") > marked_at


async def test_only_the_last_of_the_old_marks_of_a_build_stays(desk: RuleDesk) -> None:
    times = "SELECT 'b', now() - n * interval '1 hour' FROM generate_series(1, 9) n"
    await desk.pool.execute(f"INSERT INTO rule_build (shipped, evaluated_at) {times}")
    await desk.settle()
    rows = await desk.pool.fetch("SELECT evaluated_at FROM rule_build WHERE shipped = 'b'")
    assert [datetime.now(UTC) - row["evaluated_at"] < timedelta(hours=2) for row in rows] == [True]


async def test_failures_of_a_draft_end_with_its_shadow(desk: RuleDesk) -> None:
    await desk.customer(20)
    await desk.settle()
    draft = await desk.draft("calls", silence(7, applies="tags[0] == 'x'"))
    await desk.done("POST", "/v1/rules/calls/shadow", {"draft": draft, "reason": "A test"})
    await desk.settle()
    assert (await desk.done("GET", "/v1/rules/calls/failures"))["items"]
    await desk.draft("calls", silence(7))
    await desk.settle()
    assert (await desk.done("GET", "/v1/rules/calls/failures"))["items"] == []
