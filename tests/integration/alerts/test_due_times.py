"""When a customer is due next, and when something other than an item is. Earlier builds maintain only the first."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import Pool
from contracts.examples import example
from contracts.followup import TaskScheduled
from contracts.topics import PARTITIONS
from services.alerts.detection.detector import CONSUMER, FEEDS
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.engine import rule_book
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.rule_desk import COMPLETE, RuleDesk, days_ago, kinds

SILENT = 200
BY_AN_EARLIER_BUILD = "UPDATE silence SET rest_due_at = $2 WHERE customer_id = $1"


async def with_task(desk: RuleDesk, silent_days: float, *, is_settled: bool = False) -> UUID:
    """Return a customer with a follow-up that was due an hour ago, and maybe no other alert."""
    customer_id = await desk.customer(silent_days)
    if is_settled:
        await desk.settle()
    task = example(TaskScheduled, due_at=datetime.now(UTC) - timedelta(hours=1))
    await desk.tell(customer_id, task, days_ago(1), stream_id=uuid4())
    return customer_id


async def dues(pool: Pool) -> tuple[datetime, datetime]:
    (row,) = await pool.fetch("SELECT next_due_at, rest_due_at FROM silence")
    return row["next_due_at"], row["rest_due_at"]


async def test_a_look_at_an_item_keeps_when_the_rest_is_due(desk: RuleDesk) -> None:
    await with_task(desk, 2, is_settled=True)
    before = await dues(desk.pool)
    await desk.settle()
    after = await dues(desk.pool)
    assert kinds(await desk.told("missed-follow-up")) == ["raised"]
    assert before[0] < datetime.now(UTC) < before[1]
    assert after == (before[1], before[1])


async def test_an_item_and_the_rest_that_are_due_together_are_raised_by_one_look(desk: RuleDesk) -> None:
    await with_task(desk, SILENT)
    await desk.pool.execute(COMPLETE, CONSUMER, FEEDS, PARTITIONS, datetime.now(UTC))
    assert await desk.detector.run_due() == 1
    assert {"inactivity", "missed-follow-up"} <= {each.event.rule_id for each in await desk.told()}


async def test_a_row_of_an_earlier_build_is_judged_as_a_whole(desk: RuleDesk) -> None:
    customer_id = await with_task(desk, SILENT)
    await desk.pool.execute(BY_AN_EARLIER_BUILD, customer_id, None)
    await desk.settle()
    assert {"inactivity", "missed-follow-up"} <= {each.event.rule_id for each in await desk.told()}


@pytest.mark.parametrize(("engine", "is_raised"), [(rule_book.ENGINE - 1, True), (rule_book.ENGINE, False)])
async def test_a_due_time_that_an_earlier_build_did_not_maintain_is_found_by_the_sweep_after_the_upgrade(
    desk: RuleDesk, monkeypatch: pytest.MonkeyPatch, engine: int, is_raised: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rule_book, "ENGINE", engine)
        old = RuleDesk(desk.pool, desk.issuer, StoredRules(RuleBook(rules=DEFAULT_RULES.rules)))
        await old.settle()
        customer_id = await with_task(old, SILENT)
    await desk.pool.execute(BY_AN_EARLIER_BUILD, customer_id, datetime.now(UTC) + timedelta(days=300))
    new = RuleDesk(desk.pool, desk.issuer, StoredRules(RuleBook(rules=DEFAULT_RULES.rules)), old.applied, old.heard)
    await new.settle()
    rules = {each.event.rule_id for each in await new.told()}
    assert "missed-follow-up" in rules
    assert ("inactivity" in rules) == is_raised
