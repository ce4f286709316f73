"""Rules as data: what a publication or a retirement does with customers and their open alerts."""

import re
from datetime import UTC, datetime

import pytest

from contracts.alerts import AlertCleared, AlertRaised
from contracts.customer import StageChanged, TierChanged
from contracts.customer.life import Stage
from contracts.examples import example
from services.alerts.detection import sweep
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.rule_desk import RuleDesk, kinds, silence
from tests.support.waiting import eventually

CONTACTS = "inactivity"
SECONDS_PER_DAY = 24 * 3600


async def test_a_retired_rule_clears_what_it_has_open_once_because_of_the_retirement(desk: RuleDesk) -> None:
    customers = {await desk.customer(40) for _ in range(3)}
    await desk.settle()
    assert kinds(await desk.told(CONTACTS)) == ["raised"] * 3

    await desk.retire(CONTACTS)
    await desk.settle()

    [retirement] = await desk.published(CONTACTS)
    ended = [each for each in await desk.told(CONTACTS) if isinstance(each.event, AlertCleared)]
    assert {each.subject for each in ended} == customers
    assert {each.event.causes[-1] for each in ended} == {each.metadata.causation_id for each in ended} == {retirement}
    await desk.settle()
    assert kinds(await desk.told(CONTACTS)) == ["raised"] * 3 + ["cleared"] * 3


async def test_a_longer_threshold_clears_the_alert_because_of_the_publication(desk: RuleDesk) -> None:
    await desk.publish(CONTACTS, silence(7))
    await desk.customer(10)
    await desk.settle()
    assert kinds(await desk.told(CONTACTS)) == ["raised"]

    await desk.publish(CONTACTS, silence(30))
    await desk.settle()

    _, second = await desk.published(CONTACTS)
    [_, ended] = await desk.told(CONTACTS)
    assert isinstance(ended.event, AlertCleared)
    assert ended.event.causes[-1] == second


async def test_a_shorter_threshold_raises_what_is_overdue_now(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await desk.settle()
    assert await desk.told() == []

    await desk.publish(CONTACTS, silence(7))
    await desk.settle()

    [publication] = await desk.published(CONTACTS)
    [raised] = await desk.told(CONTACTS)
    assert isinstance(raised.event, AlertRaised)
    assert (raised.subject, raised.event.rule_version, raised.event.delivery) == (customer_id, 2, "at-once")
    assert raised.event.causes[-1] == publication


async def test_what_was_overdue_before_is_skipped_and_what_is_due_later_is_not(desk: RuleDesk) -> None:
    await desk.customer(10)
    soon = await desk.customer(7 - 3 / SECONDS_PER_DAY)
    await desk.publish(CONTACTS, silence(7), backlog="skip")
    await desk.settle()
    assert await desk.told() == []

    async def is_raised() -> bool:
        await desk.settle()
        return bool(await desk.told())

    await eventually(is_raised)
    assert [each.subject for each in await desk.told()] == [soon]


async def test_an_open_alert_stays_when_a_version_skips_the_backlog(desk: RuleDesk) -> None:
    await desk.customer(40)
    await desk.settle()
    await desk.publish(CONTACTS, silence(20), backlog="skip")
    await desk.settle()
    assert kinds(await desk.told(CONTACTS)) == ["raised"]


async def test_a_backlog_for_a_digest_is_marked(desk: RuleDesk) -> None:
    await desk.customer(10)
    await desk.publish(CONTACTS, silence(7), backlog="digest")
    await desk.settle()
    assert [each.event.delivery for each in await desk.told(CONTACTS)] == ["digest"]


async def test_other_words_change_no_episode(desk: RuleDesk) -> None:
    await desk.publish(CONTACTS, silence(7))
    await desk.customer(10)
    await desk.settle()
    before = await desk.told()
    await desk.publish(CONTACTS, silence(7, title={"en": "Call them", "zh": "请联系"}))
    await desk.settle()
    assert await desk.told() == before


@pytest.mark.parametrize("days", [30, None])
async def test_an_event_that_comes_before_the_sweep_finds_the_alert_ended_by_the_rules(
    desk: RuleDesk, days: int | None
) -> None:
    await desk.publish(CONTACTS, silence(7))
    customer_id = await desk.customer(10)
    await desk.settle()
    await (desk.publish(CONTACTS, silence(days)) if days else desk.retire(CONTACTS))
    await desk.follow()

    event_id = await desk.tell(customer_id, StageChanged(previous=Stage.NEW, stage=Stage.INTERESTED))

    [_, ended] = await desk.told(CONTACTS)
    assert ended.event.causes[-1] == (await desk.published(CONTACTS))[-1] != event_id
    await desk.settle()
    assert kinds(await desk.told(CONTACTS)) == ["raised", "cleared"]


async def test_a_tier_that_allows_more_is_not_blamed_on_an_earlier_publication(desk: RuleDesk) -> None:
    by_tier = {"shape": "silence", "signals": ["human-contact"], "days": {"follow-up": {"vip": 90, "others": 7}}}
    await desk.publish(CONTACTS, silence(7, condition=by_tier))
    customer_id = await desk.customer(10)
    await desk.settle()
    [publication] = await desk.published(CONTACTS)

    await desk.tell(customer_id, example(TierChanged, scheme="default", tier="vip"))

    [raised, ended] = await desk.told(CONTACTS)
    assert raised.event.causes[-1] == publication
    assert ended.event.causes == raised.event.causes
    assert ended.metadata.causation_id != publication


async def test_a_sweep_that_was_killed_continues(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAGE", 2)
    for _ in range(5):
        await desk.customer(40)
    await desk.settle()
    await desk.retire(CONTACTS)
    await desk.follow()
    assert await desk.sweep.run_due() == 2

    original = desk.detector._append

    async def killed(*_: object) -> None:
        raise ConnectionAbortedError("killed")

    monkeypatch.setattr(desk.detector, "_append", killed)
    with pytest.raises(ConnectionAbortedError):
        await desk.sweep.run_due()
    monkeypatch.setattr(desk.detector, "_append", original)
    seen = await desk.done("GET", "/v1/rules/sweep")
    assert (seen["customers"], seen["of_customers"], seen["ended"], seen["finished_at"]) == (2, 5, 2, None)

    again = RuleDesk(desk.pool, desk.issuer, applied=desk.applied)
    await again.settle()

    assert kinds(await desk.told(CONTACTS)) == ["raised"] * 5 + ["cleared"] * 5
    seen = await desk.done("GET", "/v1/rules/sweep")
    assert (seen["customers"], seen["ended"], seen["finished_at"] is not None) == (5, 5, True)


async def test_a_sweep_waits_while_customers_are_due(desk: RuleDesk) -> None:
    await desk.settle()
    await desk.customer(40)
    await desk.retire("no-activity")
    await desk.follow()
    assert await desk.sweep.run_due() == 0
    await desk.detector.run_due()
    assert await desk.sweep.run_due() == 1


async def test_every_process_sees_a_publication(desk: RuleDesk) -> None:
    other = StoredRules(DEFAULT_RULES)
    await desk.publish("calls", silence(7))
    await desk.follow()
    book = await desk.current(other)
    rule = book.rule("calls")
    assert rule is not None
    assert (rule.version, rule.published is not None) == (1, True)
    assert rule.published is not None
    assert rule.published.at < datetime.now(UTC)


async def test_a_retired_rule_is_not_in_force_and_says_when_and_by_whom_it_was_retired(desk: RuleDesk) -> None:
    customer_id = await desk.customer(10)
    await desk.retire(CONTACTS)
    retired = await desk.done("GET", f"/v1/rules/{CONTACTS}")
    assert (retired["phase"], retired["number"], retired["is_in_force"]) == ("retired", 2, False)
    earlier = await desk.done("GET", f"/v1/rules/{CONTACTS}?number=1")
    assert (earlier["phase"], earlier["is_in_force"]) == ("published", False)
    await desk.settle()
    for method, path in (("GET", "rules"), ("PUT", "mutes")):
        body = {"reason": "客户停产"} if method == "PUT" else None
        refused = await desk.ask(method, f"/v1/customers/{customer_id}/{path}/{CONTACTS}", body)
        found = refused.json()
        assert (refused.status_code, found["code"], found["type"]) == (410, "rule-retired", "/problems/gone")
        assert re.fullmatch(
            rf"The rule {CONTACTS} was retired at 20\d\d-.* by E9. It watches no customers.", found["detail"]
        )
    unknown = await desk.ask("GET", f"/v1/customers/{customer_id}/rules/nothing")
    assert unknown.status_code == 404
    await desk.publish(CONTACTS, silence(7))
    await desk.settle()
    assert (await desk.done("GET", f"/v1/rules/{CONTACTS}"))["is_in_force"] is True
    assert (await desk.done("GET", f"/v1/customers/{customer_id}/rules/{CONTACTS}"))["rule_version"] == 3


async def test_a_shipped_rule_is_overridden_and_can_be_published_after_it_was_retired(desk: RuleDesk) -> None:
    await desk.retire(CONTACTS)
    await desk.publish(CONTACTS, silence(12))
    versions = (await desk.done("GET", f"/v1/rules/{CONTACTS}/versions"))["items"]
    assert [(each["number"], each["published_by"]) for each in versions] == [(3, "E9"), (2, "E9"), (1, "system")]
    found = await desk.done("GET", f"/v1/rules/{CONTACTS}")
    assert (found["number"], found["phase"], found["is_in_force"]) == (3, "published", True)
    retired = await desk.done("GET", f"/v1/rules/{CONTACTS}?number=2")
    assert (retired["phase"], retired["definition"], retired["is_in_force"]) == ("retired", None, False)
    changed = await desk.done("GET", f"/v1/rules/{CONTACTS}/difference?from=1&to=3")
    assert "/definition/condition/days/follow-up/others" in [each["path"] for each in changed["changes"]]
