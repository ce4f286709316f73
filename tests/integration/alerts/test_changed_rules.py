"""A sweep evaluates the rules that have changed since all customers were evaluated, and no others."""

from typing import Any
from uuid import UUID

import pytest

from chassis.postgres.database import transaction
from contracts.examples import example
from contracts.followup import ComplaintRaised
from services.alerts.detection import evaluation
from services.alerts.engine import episodes
from services.alerts.engine.episodes import Moment
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.rule_desk import RuleDesk, kinds, silence

CALLS = silence(10)
FOUR = ("calls", "visits", "letters", "mails")


async def changed(desk: RuleDesk) -> set[str] | None:
    """Return the ids of the rules that the next sweep evaluates; None if it evaluates all."""
    async with transaction(desk.pool) as held:
        found = (await desk.rules.current(held)).changed
    return set(found.ids) if found else None


def test_a_rule_is_changed_unless_it_is_the_same_in_all_earlier_books() -> None:
    first, second, third, *_ = DEFAULT_RULES.rules
    later = second.model_copy(update={"version": second.version + 1})
    book = RuleBook(rules=(first, later, third))
    same = [RuleBook(rules=(first, later, third)).digests]
    assert book.changed_since(same).ids == set()
    assert book.changed_since([DEFAULT_RULES.digests]).ids == DEFAULT_RULES.digests.keys() - {first.id, third.id}
    assert book.changed_since([DEFAULT_RULES.digests]).rules == (later,)
    assert book.changed_since([*same, RuleBook(rules=(later, third)).digests]).ids == {first.id}
    assert book.changed_since([*same, RuleBook(rules=(first, second, third)).digests]).ids == {second.id}


def test_all_rules_change_with_the_zone_in_which_their_days_are_counted() -> None:
    elsewhere = RuleBook(zone="Europe/Berlin", rules=DEFAULT_RULES.rules)
    assert elsewhere.changed_since([DEFAULT_RULES.digests]).ids == DEFAULT_RULES.digests.keys()


async def test_only_the_rule_that_was_published_is_evaluated(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.publish("calls", CALLS)
    await desk.customer(20)
    await desk.settle()
    judged: list[set[str] | None] = []

    def evaluate(customer_id: UUID, state: Any, rules: RuleBook, moment: Moment) -> Any:
        judged.append(set(moment.judged.ids) if moment.judged else None)
        return original(customer_id, state, rules, moment)

    original = episodes.evaluate
    await desk.publish("visits", silence(15))
    await desk.follow()
    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    assert await desk.sweep.run_due() == 1
    assert judged == [{"visits"}]
    await desk.settle()
    assert kinds(await desk.told("visits")) == kinds(await desk.told("calls")) == ["raised"]


async def test_what_changes_while_a_sweep_goes_on_is_evaluated_with_what_had_changed(desk: RuleDesk) -> None:
    await desk.settle()
    for number, name in enumerate(FOUR[:3]):
        assert await changed(desk) == (set(FOUR[:number]) or None)
        await desk.publish(name, CALLS)
        await desk.follow()
        async with transaction(desk.pool) as held:
            await desk.sweep._begin(held, await desk.rules.current(held))
    await desk.settle()
    assert await changed(desk) is None
    await desk.publish(FOUR[3], CALLS)
    await desk.follow()
    assert await changed(desk) == {FOUR[3]}


async def test_an_alert_of_a_rule_that_no_sweep_knows_ends_with_its_retirement(desk: RuleDesk) -> None:
    await desk.settle()
    await desk.publish(
        "severe", silence(7, condition={"shape": "count", "signal": "complaint", "times": 1, "days": 30})
    )
    await desk.follow()
    # An event raises it before a sweep has begun.
    customer_id = await desk.customer(3)
    await desk.tell(customer_id, example(ComplaintRaised))
    assert kinds(await desk.told("severe")) == ["raised"]
    await desk.retire("severe")
    await desk.follow()
    assert await changed(desk) == {"severe"}
    await desk.settle()
    assert kinds(await desk.told("severe")) == ["raised", "cleared"]


async def test_without_the_digests_of_the_last_sweep_all_rules_are_evaluated(desk: RuleDesk) -> None:
    await desk.publish("calls", CALLS)
    await desk.customer(20)
    await desk.settle()
    # What an earlier build has written.
    await desk.pool.execute("UPDATE rule_sweep SET digests = NULL")
    await desk.retire("calls")
    await desk.follow()
    assert await changed(desk) is None
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised", "cleared"]
