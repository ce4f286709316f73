"""Why a rule has raised an alert, and why not, in examples."""

import random
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.alerts import Backlog
from contracts.customer import (
    CustomerErased,
    Kind,
    OrderPlaced,
    OwnerAssigned,
    Registered,
    Stage,
    StageChanged,
    TagAdded,
    TagRemoved,
    TierChanged,
)
from contracts.event import Event
from contracts.examples import example
from contracts.followup import (
    ComplaintPaused,
    ComplaintRaised,
    ContactLogged,
    TaskCompleted,
    TaskScheduled,
)
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.explanation import Completeness, Explanation, explain
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds import evolve
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.scores import MAX_SCORES
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.customer_life import CUSTOMER, Watch, day, envelope
from tests.unit.alerts.test_shipped_rules import answered

registered = Registered(kind=Kind.COMPANY, name="上海腾云")
vip = TierChanged(scheme="default", tier="vip")
established = StageChanged(previous=Stage.NEW, stage=Stage.ESTABLISHED)
lost = StageChanged(previous=Stage.ESTABLISHED, stage=Stage.LOST)
owned = OwnerAssigned(owner_id="wang")
STREAM = uuid4()
COMPLETE = Completeness(day(10_000))


def watched(*events: Event, rules: RuleBook = DEFAULT_RULES) -> Watch:
    """Return a customer to whom these events happened on day 0."""
    return Watch(rules).told(*(envelope(event, 0, stream=STREAM) for event in events), now=0)


def ask(watch: Watch, rule_id: str, at: float, completeness: Completeness = COMPLETE) -> Explanation:
    found = explain(watch.state, watch.rules, completeness, day(at))
    return next(each for each in found if each.rule.id == rule_id)


def code(explanation: Explanation) -> str:
    """Return why nothing is watched, or else why there is no alert about the first thing."""
    return explanation.reason.code if explanation.reason else explanation.watched[0].reason.code


A_VIP = (registered, vip, established, owned)
BAD, FAIR, GOOD = (answered(score) for score in (3, 6, 9))
MANY_FAIR = (FAIR,) * (MAX_SCORES + 1)


def test_a_rule_says_since_when_it_watches_and_when_it_is_due() -> None:
    found = ask(watched(*A_VIP), "inactivity", 1)
    (one,) = found.watched
    assert (found.reason, one.since, one.due_at, one.owner_id) == (None, day(0), day(30), "wang")
    assert one.reason.code == "not-due"
    assert "30 days are allowed (vip, maintenance)" in one.reason.text.en
    assert "上限 30 天（VIP，维护期）" in one.reason.text.zh


def test_a_task_says_when_it_is_due_without_a_limit() -> None:
    task = TaskScheduled(due_at=day(5), assignee_id="wang")
    (one,) = ask(watched(*A_VIP, task), "missed-follow-up", 1).watched
    assert one.reason.text.en == "Due 2026-01-06 08:00 +0800 if nothing ends it first (vip, maintenance)."


def test_an_open_alert_is_named() -> None:
    watch = watched(*A_VIP).asked(31)
    (one,) = ask(watch, "inactivity", 32).watched
    assert (one.alert_id, one.reason.code) == (next(iter(watch.said)).alert_id, "open")


def test_an_alert_that_stays_open_because_the_condition_fails_says_so() -> None:
    inactivity = DEFAULT_RULES.rule("inactivity")
    assert inactivity
    tagged, untagged = TagAdded(tag="key", vocabulary_number=1), TagRemoved(tag="key")
    rules = RuleBook(rules=(inactivity.model_copy(update={"applies": "tags[0] == 'key'"}),))
    watch = watched(*A_VIP, tagged, rules=rules).asked(31)
    (before,) = ask(watch, "inactivity", 32).watched
    (after,) = ask(watch.told(envelope(untagged, 33), now=33), "inactivity", 34).watched
    assert (before.reason.code, after.reason.code) == ("open", "expression-failed")
    assert (after.alert_id, after.causes) == (before.alert_id, before.causes)
    assert "stays open while the condition of the rule fails on this customer: " in after.reason.text.en
    assert after.reason.text.en.endswith("Index error: index=0 size=0")
    assert "预警保持不变：表达式无法求值：" in after.reason.text.zh


@pytest.mark.parametrize(
    ("events", "rule_id", "expected"),
    [
        ((), "inactivity", "not-registered"),
        ((*A_VIP, CustomerErased(erasure_id=uuid4(), reason="asked", entries=0)), "inactivity", "erased"),
        ((*A_VIP, lost), "inactivity", "mode-not-watched"),
        ((*A_VIP, lost), "more-complaints", "mode-not-watched"),
        (A_VIP, "missed-follow-up", "nothing-to-watch"),
        (A_VIP, "two-colleagues", "nothing-to-watch"),
        (A_VIP, "after-sales-gap", "nothing-to-watch"),
        (A_VIP, "satisfaction-low", "nothing-to-watch"),
        ((*A_VIP, *MANY_FAIR), "satisfaction-low", "nothing-to-watch"),
        ((*A_VIP, lost), "satisfaction-low", "mode-not-watched"),
    ],
)
def test_the_condition_that_is_not_met_is_named(events: tuple[Event, ...], rule_id: str, expected: str) -> None:
    found = ask(watched(*events), rule_id, 1)
    assert (code(found), list(found.watched)) == (expected, [])


def test_an_incomplete_history_is_named() -> None:
    watch = watched(*A_VIP)
    watch.state = replace(watch.state, facts=replace(watch.state.facts, is_complete=False))
    assert code(ask(watch, "no-activity", 1)) == "history-incomplete"
    assert code(ask(watch, "satisfaction-low", 1)) == "history-incomplete"
    assert code(ask(watch, "inactivity", 1)) == "not-due"


def test_a_merged_customer_is_named() -> None:
    merged = Facts(merged_into=CUSTOMER, merged=Occurrence(day(1), uuid4()))
    found = [code(each) for each in explain(CustomerState(merged), DEFAULT_RULES, COMPLETE, day(2))]
    assert set(found) == {"merged"}


def test_what_is_paused_is_not_due() -> None:
    raised = example(ComplaintRaised)
    found = ask(watched(*A_VIP, raised, example(ComplaintPaused)), "unanswered-complaint", 50)
    assert (code(found), found.watched[0].due_at) == ("paused", None)


def test_an_import_holds_alerts_back() -> None:
    facts = Facts()
    for event in A_VIP:
        facts = evolve(facts, envelope(event, 0, recorded=40, batch=True))
    watch = Watch(DEFAULT_RULES, CustomerState(facts))
    assert code(ask(watch, "inactivity", 40)) == "import-running"
    assert code(ask(watch, "inactivity", 41)) == "due"


@pytest.mark.parametrize(
    ("completeness", "expected"),
    [
        (Completeness(None), "events-behind"),
        (Completeness(day(29)), "events-behind"),
        (Completeness(day(30), has_parked_events=True), "parked-events"),
        (Completeness(day(30)), "due"),
    ],
)
def test_an_alert_waits_until_the_events_are_complete(completeness: Completeness, expected: str) -> None:
    assert code(ask(watched(*A_VIP), "inactivity", 31, completeness)) == expected


def test_open_alerts_come_first_and_then_what_is_due_first() -> None:
    watch = watched(*A_VIP)
    tasks = [TaskScheduled(due_at=day(at), assignee_id="wang") for at in (9, 5, 7)]
    watch.told(*(envelope(task, 1, stream=uuid4()) for task in tasks), now=1).asked(6)
    found = ask(watch, "missed-follow-up", 6)
    assert [(each.due_at, each.alert_id is not None) for each in found.watched] == [
        (day(5), True),
        (day(7), False),
        (day(9), False),
    ]


LIFE: tuple[Event, ...] = (
    *(BAD, FAIR, FAIR, FAIR, GOOD),
    *(vip, established, lost, owned, example(OrderPlaced), example(ContactLogged), example(ComplaintRaised)),
    *(TaskScheduled(due_at=day(20), assignee_id="wang"), TaskCompleted(due_at=day(20), employee_id="wang")),
    StageChanged(previous=Stage.NEW, stage=Stage.SIGNED),
    TierChanged(scheme="default", tier="growth"),
)


@pytest.mark.parametrize("seed", range(40))
def test_explanations_and_alerts_never_differ(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    watch = watched(registered)
    for at in sorted(chance.uniform(1, 200) for _ in range(chance.randint(1, 15))):
        watch.told(envelope(chance.choice(LIFE), at, stream=STREAM), now=at).asked(at)
        explained = list(explain(watch.state, watch.rules, Completeness(day(at)), day(at)))
        open_ids = {each.alert_id for found in explained for each in found.watched if each.alert_id}
        assert open_ids == {each.alert_id for each in watch.state.open.values()}
        waiting = [each.due_at for found in explained for each in found.watched if not each.alert_id and each.due_at]
        # What is not open is due later, and the next evaluation is not after it.
        assert all(due > day(at) for due in waiting)
        assert watch.next_due_at <= min(waiting, default=watch.next_due_at)
        assert all(found.reason or found.watched for found in explained)


def test_every_reason_is_in_both_languages() -> None:
    watch = watched(*A_VIP).asked(31)
    for found in explain(watch.state, DEFAULT_RULES, COMPLETE, day(32)):
        reasons = [found.reason] if found.reason else [each.reason for each in found.watched]
        for reason in reasons:
            assert reason.text.en.isascii()
            assert not reason.text.zh.isascii()


def test_what_was_overdue_when_a_rule_was_published_may_be_skipped() -> None:
    published = {"published": Occurrence(day(40), uuid4()), "backlog": Backlog.SKIP}
    rules = RuleBook(rules=tuple(rule.model_copy(update=published) for rule in DEFAULT_RULES.rules))
    assert code(ask(watched(*A_VIP, rules=rules), "inactivity", 50)) == "skipped"
    assert code(ask(watched(*A_VIP, rules=rules).asked(50), "inactivity", 50)) == "skipped"
