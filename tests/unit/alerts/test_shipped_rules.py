"""Each shipped rule in an example: when it raises an alert, and what ends it."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from contracts import customer, followup
from contracts.customer import Kind, RenewalIntent, Stage
from contracts.event import Event
from contracts.examples import example
from contracts.followup import Guard, SurveyKind
from contracts.followup.survey import Question
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.folds import evolve
from services.alerts.engine.folds.signals import MAX_KEY_DATES
from services.alerts.engine.items import ItemId, divide, due_at
from services.alerts.engine.order_undone import OrderUndone
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count
from services.alerts.engine.stretch import ALWAYS_DUE
from services.alerts.shipped.rules import DEFAULT_RULES, INACTIVITY, MISSED_FOLLOW_UP
from tests.support.customer_life import Watch, day, envelope

registered = customer.Registered(kind=Kind.COMPANY, name="上海腾云")
vip = customer.TierChanged(scheme="default", tier="vip")
signed = customer.StageChanged(previous=Stage.NEW, stage=Stage.SIGNED)
contact = example(followup.ContactLogged, automated=False)
order = example(customer.OrderPlaced)
need = customer.NeedStated(need="cloud-server")
key_date = example(customer.ImportantDateApproaching)
COMPLAINT = uuid4()
raised = example(followup.ComplaintRaised)
linked = example(followup.ComplaintLinked, complaint_id=COMPLAINT, number=2)


EIGHT_HOURS = 8 / 24
END = date(2026, 9, 1)
CONTRACT: dict[str, Any] = {"starts_on": date(2026, 1, 2), "ends_on": END, "amount_minor": 1, "currency": "CNY"}
UNLIMITED = customer.ContractSigned(**{**CONTRACT, "ends_on": None})


def day_of(date_: date) -> int:
    """Return the number of a day since the beginning."""
    return (date_ - day(0).date()).days


def watch(rule_id: str, *lives: tuple[Event, float]) -> Watch:
    """Return a VIP who is watched by one rule, registered on day 0."""
    rule = DEFAULT_RULES.rule(rule_id)
    assert rule is not None
    found = Watch(rules=RuleBook(rules=(rule,)))
    return lived(found, (registered, 0), (vip, 0), *lives)


def lived(found: Watch, *lives: tuple[Event, float]) -> Watch:
    for event, at in lives:
        is_complaint = isinstance(event, followup.ComplaintRaised | followup.ComplaintAnswered)
        found.told(envelope(event, at, stream=COMPLAINT if is_complaint else None), now=at)
    return found


def kinds(found: Watch) -> list[str]:
    return [event.type.split(".")[2] for event in found.said]


@pytest.mark.parametrize(
    ("rule_id", "lives", "due", "ending"),
    [
        ("inactivity", [(contact, 1)], 8, contact),
        ("no-activity", [(signed, 1), (contact, 2), (order, 3)], 63, order),
        ("no-activity", [(signed, 1), (order, 2), (contact, 3)], 63, contact),
        ("after-sales-gap", [(contact, 0.5), (signed, 1)], 4, contact),
        ("need-without-reaction", [(contact, 0.5), (need, 1)], 3, example(customer.QuoteIssued)),
        ("need-without-reaction", [(contact, 0.5), (need, 1)], 3, order),
        ("profile-review-overdue", [(signed, 1)], 90, customer.ProfileReviewed()),
        ("profile-review-overdue", [(signed, 1)], 90, customer.ProfileChanged(industry="软件")),
        ("need-without-offer", [(need, 1), (contact, 2)], 8, example(customer.QuoteIssued)),
        ("no-owner", [(contact, 0.5)], 1, customer.OwnerAssigned(owner_id="wang")),
        ("key-date-forgotten", [(key_date, 1)], 9, contact),
        ("orders-slowing", [(signed, 0), *((order, at) for at in (1, 21, 41, 61))], 101, order),
        ("contacts-slowing", [(contact, at) for at in (1, 2, 3, 4, 5)], 19, contact),
    ],
)
def test_a_silence_is_raised_when_it_is_due_and_cleared_by_its_signal(
    rule_id: str, lives: list[tuple[Event, float]], due: float, ending: Event
) -> None:
    found = watch(rule_id, *lives)
    assert found.next_due_at == day(due)
    assert kinds(found.asked(due - 0.01)) == []
    assert kinds(found.asked(due)) == ["raised"]
    lived(found, (ending, due + 1))
    assert kinds(found) == ["raised", "cleared"]
    assert found.said[1].ends_at == day(due + 1)


@pytest.mark.parametrize(
    ("rule_id", "lives"),
    [
        ("after-sales-gap", [(signed, 1), (contact, 2)]),
        ("need-without-reaction", [(need, 1), (contact, 2)]),
        ("need-without-reaction", [(customer.NeedStated(need="cloud-server", status=customer.NeedStatus.MET), 1)]),
        ("no-activity", []),
        ("profile-review-overdue", []),
    ],
)
def test_a_silence_that_has_not_begun_is_never_due(rule_id: str, lives: list[tuple[Event, float]]) -> None:
    assert kinds(watch(rule_id, *lives).asked(60)) == []


def test_a_signal_of_before_a_need_that_is_recorded_late_does_not_end_its_silence() -> None:
    found = watch("need-without-reaction", (need, 10)).asked(12)
    found.told(envelope(contact, 5, recorded=13), now=13)
    assert kinds(found) == ["raised"]
    found.told(envelope(contact, 11, recorded=14), now=14)
    assert kinds(found) == ["raised", "withdrawn"]


@pytest.mark.parametrize(
    ("rule_id", "guard"),
    [
        ("care-before-deal", Guard.CARE_BEFORE_DEAL),
        ("greetings-only", Guard.GREETINGS_ONLY),
        ("chased-without-intent", Guard.NO_INTENT),
        ("two-colleagues", Guard.TWO_COLLEAGUES),
    ],
)
def test_what_a_guard_tells_is_raised_at_once_and_cleared_when_it_is_over(rule_id: str, guard: Guard) -> None:
    found = watch(rule_id, (example(followup.GuardTripped, guard=guard), 5)).asked(5)
    assert kinds(found) == ["raised"]
    lived(found, (followup.GuardCleared(guard=guard, number=1), 7))
    assert kinds(found) == ["raised", "cleared"]
    assert (found.said[0].starts_at, found.said[1].ends_at) == (day(5), day(7))
    others = {each for each in Guard if each is not guard}
    untouched = watch(rule_id, *[(example(followup.GuardTripped, guard=each), 5) for each in others]).asked(9)
    assert kinds(untouched) == []


def test_a_guard_that_is_triggered_again_is_another_episode() -> None:
    tripped = example(followup.GuardTripped, guard=Guard.TWO_COLLEAGUES)
    cleared = followup.GuardCleared(guard=Guard.TWO_COLLEAGUES, number=1)
    found = lived(watch("two-colleagues", (tripped, 5)).asked(5), (cleared, 7), (tripped, 9)).asked(9)
    assert kinds(found) == ["raised", "cleared", "raised"]
    assert found.said[0].alert_id != found.said[2].alert_id


def test_a_repeated_complaint_is_raised_and_cleared_by_its_answer() -> None:
    found = watch("repeated-complaint", (raised, 1), (linked, 1)).asked(1)
    assert kinds(found) == ["raised"]
    assert found.said[0].concerns_id == COMPLAINT
    lived(found, (followup.ComplaintAnswered(employee_id="zhao"), 2))
    assert kinds(found) == ["raised", "cleared"]


def test_the_first_complaint_of_a_series_repeats_nothing() -> None:
    first = example(followup.ComplaintLinked, complaint_id=COMPLAINT, number=1)
    assert kinds(watch("repeated-complaint", (raised, 1), (first, 1)).asked(9)) == []


def test_every_rule_has_words_in_both_languages() -> None:
    for rule in DEFAULT_RULES.rules:
        assert rule.model_dump(mode="json")["title"] == {"en": rule.title.en, "zh": rule.title.zh}
        assert rule.title.en.isascii()
        assert not rule.title.zh.isascii()


def test_two_rules_of_a_book_cannot_have_the_same_id() -> None:
    rule = DEFAULT_RULES.rules[0]
    with pytest.raises(ValueError, match="same id"):
        RuleBook(rules=(rule, rule))


def stated(status: customer.NeedStatus = customer.NeedStatus.OPEN, need: str = "cloud-server") -> customer.NeedStated:
    return customer.NeedStated(need=need, status=status)


def test_the_oldest_need_without_a_reaction_counts_however_often_the_customer_asks() -> None:
    found = watch("need-without-reaction", (need, 1)).asked(3)
    for at in range(4, 40):
        lived(found, (stated(need=f"need-{at % 3}"), at)).asked(at)
    assert kinds(found) == ["raised"]
    assert found.said[0].silent_since == day(1)
    lived(found, (contact, 40)).asked(41)
    assert kinds(found) == ["raised", "cleared"]


@pytest.mark.parametrize("status", [customer.NeedStatus.MET, customer.NeedStatus.GONE])
def test_a_need_that_is_settled_ends_its_silence(status: customer.NeedStatus) -> None:
    assert kinds(watch("need-without-reaction", (need, 1), (stated(status), 1.5)).asked(30)) == []
    found = lived(watch("need-without-reaction", (need, 1)).asked(3), (stated(status), 6))
    assert kinds(found) == ["raised", "cleared"]
    assert found.said[1].ends_at == day(6)


def test_a_contact_at_the_instant_of_a_need_that_is_recorded_late_withdraws_the_alert() -> None:
    found = watch("need-without-reaction", (need, 1)).asked(3)
    found.told(envelope(contact, 1, recorded=5), now=5)
    assert [(event.type.split(".")[2], event.ends_at) for event in found.said] == [
        ("raised", None),
        ("withdrawn", day(1)),
    ]


def test_a_last_contact_that_a_source_states_is_no_review() -> None:
    found = watch("profile-review-overdue", (signed, 1)).asked(90)
    lived(found, (customer.ProfileChanged(last_contacted_at=day(91)), 92))
    assert kinds(found) == ["raised"]


@pytest.mark.parametrize("rule_id", ["no-activity", "profile-review-overdue", "after-sales-gap"])
def test_a_customer_of_an_earlier_build_is_not_judged_by_what_that_build_did_not_keep(rule_id: str) -> None:
    found = watch(rule_id, (signed, 1))
    found.state = CustomerState(replace(found.state.facts, is_complete=False))
    assert kinds(found.asked(300)) == []


def test_an_alert_whose_rule_is_gone_ends() -> None:
    task = uuid4()
    found = Watch(rules=RuleBook(rules=(MISSED_FOLLOW_UP,)))
    scheduled = envelope(followup.TaskScheduled(assignee_id="li", due_at=day(3)), 1, stream=task)
    found.told(envelope(registered, 0), scheduled, now=1).asked(3)
    item = divide(found.state).items[ItemId(task)]
    without = RuleBook(rules=(INACTIVITY,))
    assert due_at(found.state.facts, item, without) == ALWAYS_DUE
    found.rules = without
    assert kinds(found.asked(4)) == ["raised", "cleared"]


@pytest.mark.parametrize(
    "changes",
    [
        {"severities": {"vip": "error"}},
        {"condition": {"shape": "silence", "signals": ["order"], "days": {"maintenance": {"vip": 3}}}},
        {"condition": {"shape": "silence", "signals": [], "days": {}}},
        {"condition": {"shape": "owed", "item": "complaint"}},
        {"condition": {"shape": "owed", "item": "task", "hours": {"low": 3}}},
        {"condition": {"shape": "told", "signal": "anything"}},
    ],
)
def test_a_rule_without_a_value_that_an_evaluation_needs_is_rejected(changes: dict[str, object]) -> None:
    Rule.model_validate(INACTIVITY.model_dump(mode="json"))
    with pytest.raises(ValidationError):
        Rule.model_validate(INACTIVITY.model_dump(mode="json") | changes)


@pytest.mark.parametrize(
    ("rule_id", "beginning", "due", "endings"),
    [
        ("slow-quote", example(customer.QuoteRequested), 2, [example(customer.QuoteIssued)]),
        (
            "complaint-not-concluded",
            example(followup.ComplaintAnswered),
            3,
            [
                example(followup.ComplaintCommunicated),
                example(followup.ComplaintClosed),
                example(followup.ComplaintReopened),
            ],
        ),
        (
            "contract-near-end",
            customer.ContractSigned(**CONTRACT),
            day_of(END) - 59 - EIGHT_HOURS,
            [
                customer.RenewalIntentStated(intent=RenewalIntent.YES),
                customer.ContractRenewed(**{**CONTRACT, "ends_on": date(2028, 1, 1)}),
                customer.ContractEnded(reason="cancelled"),
            ],
        ),
        (
            "contract-not-renewed",
            customer.ContractSigned(**CONTRACT),
            day_of(END) + 1 - EIGHT_HOURS,
            [customer.ContractEnded(reason="cancelled")],
        ),
    ],
)
def test_what_is_owed_is_raised_when_it_is_due_and_cleared_by_what_settles_it(
    rule_id: str, beginning: Event, due: float, endings: list[Event]
) -> None:
    for ending in endings:
        stream = uuid4()
        found = watch(rule_id).told(envelope(beginning, 1, stream=stream), now=1)
        assert found.next_due_at == day(due)
        assert kinds(found.asked(due - 0.001)) == []
        assert kinds(found.asked(due)) == ["raised"]
        assert found.said[0].concerns_id == stream
        found.told(envelope(ending, due + 1, stream=stream), now=due + 1)
        assert kinds(found) == ["raised", "cleared"]
        assert found.said[1].ends_at == day(due + 1)


def test_an_agreed_renewal_settles_the_reminder_and_not_the_end_of_the_contract() -> None:
    agreed = customer.ContractSigned(**CONTRACT, renewal_intent=RenewalIntent.YES)
    near, ended = watch("contract-near-end"), watch("contract-not-renewed")
    for found in (near, ended):
        found.told(envelope(agreed, 1, stream=uuid4()), now=1).asked(800)
    assert (kinds(near), kinds(ended)) == ([], ["raised"])
    assert watch("contract-near-end").told(envelope(UNLIMITED, 1), now=1).asked(800).said == []


def test_a_complaint_whose_resolution_is_late_is_told_until_it_is_answered() -> None:
    late = example(followup.ComplaintEscalated, complaint_id=COMPLAINT, level=2, because=followup.EscalationReason.LATE)
    found = lived(watch("complaint-unresolved"), (raised, 1), (late, 9))
    assert kinds(found) == ["raised"]
    assert kinds(lived(found, (example(followup.ComplaintAnswered), 10))) == ["raised", "cleared"]


def test_an_automatic_reply_settles_nothing() -> None:
    replied = example(followup.ComplaintAutoReplied)
    found = watch("unanswered-complaint").told(envelope(raised, 1, stream=COMPLAINT), now=1)
    found.told(envelope(replied, 1.1, stream=COMPLAINT), now=1.1)
    assert kinds(found.asked(9)) == ["raised"]
    found = watch("complaint-not-concluded", (raised, 1)).told(envelope(replied, 1.1, stream=COMPLAINT), now=1.1)
    assert kinds(found.asked(90)) == []


@pytest.mark.parametrize(
    ("rule_id", "event"),
    [
        ("more-complaints", raised),
        ("key-contacts-changing", example(customer.KeyContactRemoved)),
        ("quotes-compared", example(customer.QuoteCompared)),
        ("cheaper-competitor", example(customer.CompetitorSeen, is_cheaper=True)),
        ("too-many-contacts", example(followup.ContactLogged, direction=followup.Direction.OUTBOUND, automated=True)),
    ],
)
def test_what_happens_too_often_is_raised_at_once_and_closes_by_itself(rule_id: str, event: Event) -> None:
    found = watch(rule_id)
    rule = found.rules.rules[0]
    assert isinstance(rule.condition, Count)
    times, days = rule.condition.times, rule.condition.days
    for number in range(times):
        assert kinds(found) == []
        found.told(envelope(event, 1 + number * 0.1, stream=uuid4()), now=1 + number * 0.1)
    assert kinds(found) == ["raised"]
    assert (found.said[0].value, found.said[0].threshold, found.said[0].unit) == (times, times, "count")
    assert len(found.said[0].causes) == times
    # The newest event alone is fine; the alert is open until the oldest one has left the window.
    assert found.next_due_at == day(1 + days)
    assert kinds(found.asked(days + 0.99)) == ["raised"]
    assert kinds(found.asked(days + 1)) == ["raised", "cleared"]
    assert found.said[1].ends_at == day(days + 1)


def test_satisfaction_falls_below_the_own_average_and_recovers() -> None:
    found = lived(watch("satisfaction-falling"), *((answered(score), at) for at, score in enumerate((9, 9, 10), 1)))
    assert kinds(found) == []
    assert kinds(lived(found, (answered(6), 5))) == ["raised"]
    assert (found.said[0].value, found.said[0].unit) == (60, "percent")
    assert kinds(lived(found, (answered(9), 6))) == ["raised", "cleared"]
    lived(found, (answered(2), 7))
    assert kinds(found.asked(98)) == ["raised", "cleared", "raised", "cleared"]
    assert found.said[3].ends_at == day(97)


def test_satisfaction_is_low_until_it_is_a_margin_above_the_limit() -> None:
    found = lived(watch("satisfaction-low"), *((answered(score), at) for at, score in enumerate((6, 9), 1)))
    assert kinds(found) == []
    assert kinds(lived(found, (answered(5), 5))) == ["raised"]
    assert (found.said[0].value, found.said[0].threshold, found.said[0].unit) == (50, 60, "percent")
    assert found.said[0].severity == "error"
    assert kinds(lived(found, (answered(6), 6), (answered(4), 7), (answered(6), 8))) == ["raised"]
    assert kinds(lived(found, (answered(7), 9), (answered(6), 10))) == ["raised", "cleared"]
    lived(found, (answered(2), 11))
    assert kinds(found.asked(102)) == ["raised", "cleared", "raised", "cleared"]
    assert (found.said[1].ends_at, found.said[3].ends_at) == (day(9), day(101))


def test_an_answer_that_is_low_as_usual_is_no_fall_and_a_fall_may_end_high() -> None:
    low = [(answered(5), at) for at in (1, 2, 3)]
    assert kinds(lived(watch("satisfaction-falling"), *low)) == []
    assert kinds(lived(watch("satisfaction-low"), *low)) == ["raised"]
    fall = [(answered(10), 1), (answered(7), 2)]
    assert kinds(lived(watch("satisfaction-falling"), *fall)) == ["raised"]
    assert kinds(lived(watch("satisfaction-low"), *fall)) == []


def test_a_key_date_does_not_hide_an_earlier_one_that_nobody_has_reacted_to() -> None:
    # 8 days are allowed. Without a contact, the first one counts.
    found = watch("key-date-forgotten", (key_date, 1), (key_date, 6))
    assert kinds(found.asked(8.9)) == []
    assert kinds(found.asked(9)) == ["raised"]
    lived(found, (key_date, 10))
    assert kinds(found.asked(10.5)) == ["raised"]
    assert kinds(lived(found, (contact, 11))) == ["raised", "cleared"]
    lived(found, (key_date, 12), (key_date, 19))
    assert kinds(found.asked(20)) == ["raised", "cleared", "raised"]
    assert found.said[2].silent_since == day(12)


def test_a_limited_number_of_key_dates_is_kept_of_a_customer_and_of_its_duplicates() -> None:
    many = [(key_date, at) for at in range(1, MAX_KEY_DATES + 3)]
    facts = watch("key-date-forgotten", *many).state.facts
    assert [each.at for each in facts.key_dates] == [day(at) for _, at in many[-MAX_KEY_DATES:]]
    again = watch("key-date-forgotten", *reversed(many)).state.facts
    assert [each.at for each in again.key_dates] == [each.at for each in facts.key_dates]
    other = watch("key-date-forgotten", (key_date, 5.5)).state.facts
    both = with_absorbed(replace(facts, absorbed={uuid4(): other})).key_dates
    assert [each.at for each in both] == sorted([*(day(at) for _, at in many[-MAX_KEY_DATES + 1 :]), day(5.5)])


def test_the_key_date_that_an_earlier_build_kept_counts_until_a_contact() -> None:
    facts = watch("key-date-forgotten", (key_date, 1)).state.facts
    earlier = replace(facts, key_dates=())
    rule = DEFAULT_RULES.rule("key-date-forgotten")
    assert rule is not None
    assert [each.since.at for each in rule.condition.stretches(earlier, "UTC")] == [day(1)]
    after = evolve(earlier, envelope(key_date, 2))
    assert [each.at for each in after.key_dates] == [day(1), day(2)]


def test_purchases_fall_at_the_start_of_a_month_and_recover_at_another() -> None:
    found = watch("purchases-falling", (signed, 0), *((order, at) for at in range(5, 365, 10)))
    # The last order is on 2026-12-26: January to March 2027 are far below January to March 2026.
    assert kinds(found.asked(365 + 89)) == []
    assert kinds(found.asked(365 + 91)) == ["raised"]
    assert found.said[0].starts_at == day(365 + 90 - EIGHT_HOURS)
    assert (found.said[0].value, found.said[0].threshold) == (0, 50)
    lived(found, *((order, at) for at in range(365 + 96, 365 + 150, 8)))
    assert kinds(found.asked(365 + 150)) == ["raised"]
    assert kinds(found.asked(365 + 155)) == ["raised", "cleared"]
    assert found.said[1].ends_at == day(365 + 151 - EIGHT_HOURS)


def test_a_cancelled_order_is_taken_back() -> None:
    undone = OrderUndone(placed_at=day(5), amount_minor=order.amount_minor, currency=order.currency)
    once = lived(watch("purchases-falling"), (order, 5), (order, 6), (undone, 7)).state.facts.months
    assert once == lived(watch("purchases-falling"), (order, 6)).state.facts.months


def answered(score: int) -> followup.SurveyAnswered:
    question = Question(survey="delivery", kind=SurveyKind.CSAT, lowest=0, highest=10)
    return followup.SurveyAnswered(question=question, score=score)
