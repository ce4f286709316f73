"""Levels agree with a brute-force oracle that looks at every instant, also when the memory has forgotten scores."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from contracts import customer
from contracts.customer import Kind, Mode, Stage
from contracts.followup import SurveyAnswered, SurveyKind
from contracts.followup.survey import Question
from services.alerts.detection.preview import Counts
from services.alerts.engine.facts import Facts, Scored
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.scores import MAX_SCORES
from services.alerts.engine.shapes import Level
from services.alerts.engine.shapes.level import BEST, MAX_DAYS
from services.alerts.engine.stretch import Stretch
from services.alerts.engine.words import Words
from services.alerts.shipped.measured_rules import SATISFACTION_LOW
from tests.support.customer_life import CUSTOMER, Watch, day, envelope

ZONE = "Asia/Shanghai"
HALF_DAYS = 120
QUESTION = Question(survey="delivery", kind=SurveyKind.CSAT, lowest=0, highest=10)
registered = customer.Registered(kind=Kind.COMPANY, name="上海腾云")
signed = customer.StageChanged(previous=Stage.NEW, stage=Stage.SIGNED)


def level(below: int = 60, margin: int = 10, days: int = 90, **values: object) -> Level:
    return Level.model_validate({"score": "satisfaction", "below": below, "margin": margin, "days": days, **values})


def facts_of(known: Sequence[Scored]) -> Facts:
    first = Occurrence(day(0), UUID(int=1))
    return Facts(registered=first, is_complete=True, stage=Stage.NEW, scores=tuple(known))


def scored(*percents: int) -> list[Scored]:
    """Return one score a day, from day 1 on."""
    return [Scored(day(at), UUID(int=at), percent) for at, percent in enumerate(percents, 1)]


def made_up(random: Random, count: int) -> list[Scored]:
    """Return scores in order; some share an instant."""
    found = [
        Scored(day(random.randrange(HALF_DAYS) / 2), UUID(int=random.getrandbits(128)), random.choice((20, 50, 60, 90)))
        for _ in range(count)
    ]
    return sorted(found, key=lambda each: (each.at, each.cause))


def some_level(random: Random) -> Level:
    return level(random.randint(30, 70), random.choice((0, 10, 30)), random.randint(2, 40))


def holds_at(known: Sequence[Scored], rule: Level, instant: datetime) -> bool:
    """Return whether, going back from the latest score, a low one comes before a good one and before a gap."""
    later = instant
    for each in reversed([each for each in known if each.at <= instant]):
        if later >= each.at + timedelta(days=rule.days) or each.percent >= rule.below + rule.margin:
            return False
        if each.percent < rule.below:
            return True
        later = each.at
    return False


def is_open(stretch: Stretch, instant: datetime) -> bool:
    ends_at = min(stretch.closes_at, stretch.settled.at) if stretch.settled else stretch.closes_at
    return stretch.due_at <= instant < ends_at


@pytest.mark.parametrize("seed", range(300))
def test_a_level_is_low_exactly_while_the_oracle_says_so(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    known, rule = made_up(random, random.randint(0, MAX_SCORES - 1)), some_level(random)
    stretches = rule.stretches(facts_of(known), ZONE)
    for instant in (day(number / 4) for number in range(HALF_DAYS * 4)):
        assert any(is_open(each, instant) for each in stretches) == holds_at(known, rule, instant), instant
        left = list(rule.stretches(facts_of(known), ZONE, instant))
        assert left == [each for each in stretches if each.settled or each.closes_at > instant]
    assert not any(each.is_older or each.is_continuation for each in stretches)


@pytest.mark.parametrize("seed", range(80))
def test_alerts_agree_with_the_oracle_when_the_memory_has_forgotten_scores(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    known, condition = made_up(random, 4 * MAX_SCORES), some_level(random)
    known = [each for each, other in zip(known, [None, *known], strict=False) if not other or each.at > other.at]
    told = {each.at: each for each in known}
    watch = watched(condition)
    for at in (number / 2 for number in range(HALF_DAYS * 2)):
        watch.asked(at)
        if each := told.get(day(at)):
            watch.told(envelope(answered(each.percent), at), now=at).asked(at)
        assert bool(watch.state.open) == holds_at(known, condition, day(at)), at
    begun = [
        each.at
        for place, each in enumerate(known)
        if each.percent < condition.below and not holds_at(known[:place], condition, each.at)
    ]
    assert [each.silent_since for each in watch.said if each.type.split(".")[2] == "raised"] == begun


@pytest.mark.parametrize("seed", range(80))
def test_the_order_in_which_scores_are_received_does_not_change_what_is_open(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    known, condition = made_up(random, random.randint(1, MAX_SCORES)), some_level(random)
    watch = watched(condition)
    for number, each in enumerate(random.sample(known, len(known))):
        at = (each.at - day(0)) / timedelta(days=1)
        late = envelope(answered(each.percent), at, recorded=HALF_DAYS / 2 + number / 100)
        watch.told(late, now=HALF_DAYS / 2 + number / 100)
    # The events of one instant come in the order of their ids, and these are new.
    if len({each.at for each in known}) == len(known):
        assert bool(watch.asked(HALF_DAYS / 2 + 1).state.open) == holds_at(known, condition, day(HALF_DAYS / 2 + 1))


def rule_of(condition: Level) -> Rule:
    return SATISFACTION_LOW.model_copy(update={"condition": condition})


def watched(condition: Level) -> Watch:
    return Watch(RuleBook(rules=(rule_of(condition),))).told(envelope(registered, 0), now=0)


def answered(percent: int) -> SurveyAnswered:
    return SurveyAnswered(question=QUESTION, score=percent // 10)


def test_the_limits_themselves() -> None:
    assert not level().stretches(facts_of(scored(60)), ZONE)
    (one,) = level().stretches(facts_of(scored(59, 69)), ZONE)
    assert (one.settled, one.closes_at, one.since.at, one.due_at) == (None, day(92), day(1), day(1))
    (one,) = level().stretches(facts_of(scored(59, 70)), ZONE)
    assert one.settled == Occurrence(day(2), UUID(int=2))
    first, second = level(days=1).stretches(facts_of(scored(10, 20)), ZONE)
    assert (first.closes_at, second.since.at) == (day(2), day(2))


def test_what_may_have_begun_earlier_is_marked_and_what_only_goes_on_begins_nothing() -> None:
    full = [65] * (MAX_SCORES - 1)
    (low,) = level().stretches(facts_of(scored(20, *full)), ZONE)
    assert (low.since.at, low.is_older, low.is_continuation) == (day(1), True, False)
    (later,) = level().stretches(facts_of(scored(*full, 20)), ZONE)
    assert (later.since.at, later.is_older, later.is_continuation) == (day(MAX_SCORES), True, False)
    (fair,) = level().stretches(facts_of(scored(65, *full)), ZONE)
    assert (fair.is_older, fair.is_continuation) == (True, True)
    assert not level().stretches(facts_of(scored(*full)), ZONE)
    (known,) = level().stretches(facts_of(scored(90, 20, *full[1:])), ZONE)
    assert not known.is_older
    watch = watched(level())
    for at in range(1, MAX_SCORES + 2):
        watch.told(envelope(answered(60), at), now=at).asked(at)
    assert watch.said == []
    counts = Counts(RuleBook(rules=(rule_of(level()),)), day(MAX_SCORES + 2))
    counts.add(CUSTOMER, watch.state)
    assert counts.totals["open"] == 0


def test_the_score_that_ends_an_alert_is_its_cause() -> None:
    watch, good = watched(level()), envelope(answered(70), 3)
    watch.told(envelope(answered(40), 1), now=1).told(envelope(answered(60), 2), now=2).told(good, now=3)
    assert watch.told_of() == [("satisfaction-low", "raised"), ("satisfaction-low", "cleared")]
    raised, cleared = watch.said
    assert (raised.value, raised.threshold, raised.unit, raised.component) == (40, 60, "percent", "survey")
    assert (cleared.ends_at, cleared.causes[-1]) == (day(3), good.id)


def test_a_good_score_that_is_recorded_late_ends_the_alert_when_it_was_given() -> None:
    watch = watched(level()).told(envelope(answered(40), 1), now=1)
    watch.told(envelope(answered(80), 2, recorded=9), now=9)
    assert [each.ends_at for each in watch.said] == [None, day(2)]


def test_a_customer_in_another_mode_has_no_alert() -> None:
    watch = watched(level(modes=[Mode.FOLLOW_UP])).told(envelope(answered(40), 1), now=1)
    left = envelope(signed, 5)
    watch.told(left, now=5)
    assert [(each.type.split(".")[2], each.ends_at) for each in watch.said] == [("raised", None), ("cleared", day(5))]
    assert watch.said[1].causes[-1] == left.id


def test_a_win_back_forgives_the_scores_before_it() -> None:
    known = replace(facts_of(scored(20, *[65] * (MAX_SCORES - 1))), won_back=day_of(5))
    assert not level().stretches(known, ZONE)
    (one,) = level().stretches(replace(facts_of(scored(20, 30, 40)), won_back=day_of(2)), ZONE)
    assert one.since.at == day(2)


def day_of(at: float) -> Occurrence:
    return Occurrence(day(at), uuid4())


def test_an_incomplete_history_is_not_judged() -> None:
    facts = Facts(registered=day_of(0), stage=Stage.NEW, scores=tuple(scored(20)))
    assert not level().stretches(facts, ZONE)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"below": 0}, "greater than or equal to 1"),
        ({"below": BEST + 1, "margin": 0}, f"less than or equal to {BEST}"),
        ({"margin": -1}, "greater than or equal to 0"),
        ({"below": 95, "margin": 6}, f"together are at most {BEST}"),
        ({"days": 0}, "greater than or equal to 1"),
        ({"days": MAX_DAYS + 1}, f"less than or equal to {MAX_DAYS}"),
        ({"score": "health"}, "'satisfaction'"),
        ({"modes": []}, "at least 1 item"),
    ],
)
def test_a_level_beyond_its_limits_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        level(**values)  # type: ignore[arg-type]


def test_the_limits_of_a_level_are_allowed() -> None:
    assert level(95, 5, MAX_DAYS).recovered == BEST


def test_the_summary_names_the_score_and_what_ends_the_alert() -> None:
    (stretch,) = level().stretches(facts_of(scored(40)), ZONE)
    words = level().words(Words("Satisfaction is low", "满意度偏低"), facts_of(()), stretch, ZONE, day(1))
    assert words.en == "Satisfaction is low: 40 of 100, after a fall below 60; over at 70 (no tier, follow-up)."
    assert words.zh == "满意度偏低：得分 40（满分 100），曾低于 60，达到 70 后解除（未分层，跟进期）。"
