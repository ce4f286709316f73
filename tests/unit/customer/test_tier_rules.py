"""The computation of a tier from facts, and of the day on which time changes it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.rules.expressions import ExpressionError
from chassis.versions.decider import version_of
from contracts.customer import TierRule, TierSchemePublished
from contracts.customer.tiers import MAX_TIERS
from services.customer.commands import TierScheme
from services.customer.shipped.tier_schemes import SHIPPED
from services.customer.tiers.facts import Known
from services.customer.tiers.preview import preview_of
from services.customer.tiers.rules import (
    CONDITIONS,
    Facts,
    assess,
    changes_at,
    inputs_of,
    next_anniversary,
    years_between,
)

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2024, 6, 3)
NOW = datetime(2024, 6, 3, 1, 0, tzinfo=UTC)
STRANGER = Facts(
    stage="new",
    potential=None,
    influence=None,
    since=None,
    amount_minor=0,
    orders=0,
    lifetime_amount_minor=0,
    lifetime_orders=0,
    contacts=0,
    complaints=0,
    oldest_order_at=None,
    oldest_interaction_at=None,
)


def tier(name: str, facts: Facts) -> str:
    return assess(SHIPPED[name].tiers, inputs_of(facts, "CNY", TODAY))


@pytest.mark.parametrize("refused", ["[1].map(x, [x]).all(x, size(x) > 0)", "no_such_fact > 1", "amount >", "1"])
def test_a_stored_condition_that_is_refused_today_fails_and_the_next_tier_is_tried(refused: str) -> None:
    with pytest.raises(ExpressionError):
        CONDITIONS.check(refused)
    whens = {"vip": refused, "growth": "orders >= 0", "ordinary": None}
    tiers = tuple(TierRule(tier=name, en=name, zh=name, when=when) for name, when in whens.items())
    assert assess(tiers, inputs_of(STRANGER, "CNY", TODAY)) == "growth"


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("default", STRANGER, "ordinary"),
        ("default", replace(STRANGER, potential="high"), "growth"),
        ("default", replace(STRANGER, amount_minor=50_000_00, orders=1), "growth"),
        ("default", replace(STRANGER, amount_minor=500_000_00, orders=1), "vip"),
        ("default", replace(STRANGER, since=date(2019, 6, 3), orders=4), "vip"),
        ("default", replace(STRANGER, since=date(2019, 6, 4), orders=4), "growth"),
        ("abc", STRANGER, "c"),
        ("abc", replace(STRANGER, contacts=12), "b"),
        ("abc", replace(STRANGER, amount_minor=500_000_00, orders=6, contacts=6, since=date(2022, 1, 1)), "a"),
        ("abc", replace(STRANGER, amount_minor=500_000_00, orders=6, contacts=6, since=date(2023, 1, 1)), "b"),
    ],
)
def test_the_schemes_that_ship_lead_by_value_activity_and_years(name: str, facts: Facts, expected: str) -> None:
    assert tier(name, facts) == expected


@pytest.mark.parametrize("shipped", SHIPPED.values(), ids=lambda each: each.name)
def test_a_shipped_scheme_can_be_published_unchanged(shipped: TierSchemePublished) -> None:
    body = TierScheme.model_validate(shipped.model_dump(mode="json", exclude={"type", "name", "number"}))
    for rule in body.tiers:
        CONDITIONS.check(rule.when or "true")
    assert version_of(TierSchemePublished, body, name=shipped.name).tiers == shipped.tiers


def test_amounts_are_in_whole_units_of_the_currency() -> None:
    facts = replace(STRANGER, amount_minor=199_99, lifetime_amount_minor=1_200_00)
    assert inputs_of(facts, "CNY", TODAY).amount == 199
    assert inputs_of(facts, "JPY", TODAY).amount == 19_999
    assert inputs_of(facts, "CNY", TODAY).lifetime_amount == 1_200


@pytest.mark.parametrize(
    ("text", "line", "column", "zh"),
    [
        ("amount >=", 1, 10, "语法错误"),
        ("amount > 1 &&\n  amuont > 2", 2, 3, "未知的名称"),
        ("amount > 'a'", 1, 8, "类型不匹配"),
        ("amount + 1", 1, 1, "无法使用"),
        ("(" * 50 + "true" + ")" * 50, 1, 1, "嵌套过深"),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused_with_its_place(text: str, line: int, column: int, zh: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        CONDITIONS.check(text)
    assert caught.value.en.startswith(f"line {line}, column {column}: ")
    assert caught.value.zh.startswith(f"第 {line} 行第 {column} 列：{zh}")


@pytest.mark.parametrize("text", ["1 / orders > 0", "potential.matches('(')", "[1].all(x, 1 / orders > x)"])
def test_a_condition_that_fails_does_not_hold(text: str) -> None:
    CONDITIONS.check(text)
    assert not CONDITIONS.holds(text, inputs_of(STRANGER, "CNY", TODAY).model_dump())


@pytest.mark.parametrize(
    ("text", "of_nobody_asked", "of_seven", "of_ten"),
    [
        ("nps >= 9", False, False, True),
        ("nps < 9", False, True, False),
        ("nps == null", True, False, False),
        ("nps == null || nps >= 9", True, False, True),
        ("nps >= 9 || orders >= 0", True, True, True),
        ("nps != null && nps <= 7 && csat == null", False, True, False),
    ],
)
def test_without_a_survey_answer_only_a_null_check_is_true(
    text: str, of_nobody_asked: bool, of_seven: bool, of_ten: bool
) -> None:
    CONDITIONS.check(text)
    answers = [replace(STRANGER, nps=nps) for nps in (None, 7, 10)]
    holds = [CONDITIONS.holds(text, inputs_of(facts, "CNY", TODAY).model_dump()) for facts in answers]
    assert holds == [of_nobody_asked, of_seven, of_ten]


def test_a_score_is_a_number_when_a_condition_is_checked() -> None:
    with pytest.raises(ExpressionError) as caught:
        CONDITIONS.check("nps >= 'a'")
    assert "类型不匹配" in caught.value.zh


def test_a_condition_that_goes_round_for_ever_is_stopped() -> None:
    some = f"[{','.join('1' * 60)}]"
    text = f"{some}.all(a, {some}.all(b, {some}.all(c, a + b + c > 0)))"
    assert not CONDITIONS.holds(text, inputs_of(STRANGER, "CNY", TODAY).model_dump())


def test_years_are_whole_and_end_on_the_anniversary() -> None:
    assert years_between(date(2020, 6, 3), TODAY) == 4
    assert years_between(date(2020, 6, 4), TODAY) == 3
    assert years_between(date(2025, 1, 1), TODAY) == 0
    assert years_between(date(2020, 2, 29), date(2023, 2, 28)) == 2
    assert next_anniversary(date(2020, 2, 29), date(2023, 2, 28)) == date(2023, 3, 1)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_the_next_anniversary_is_the_day_on_which_the_years_change(since: date, today: date) -> None:
    day = next_anniversary(since, today)
    before = day - timedelta(days=1)
    assert day > today
    assert years_between(since, day) == years_between(since, before) + 1
    assert years_between(since, before) == years_between(since, today)


def test_time_changes_a_tier_when_the_first_thing_leaves_the_window_or_a_year_is_full() -> None:
    shipped = SHIPPED["default"]
    order_at, touch_at = NOW - timedelta(days=300), NOW - timedelta(days=364)
    facts = replace(STRANGER, oldest_order_at=order_at)
    assert changes_at(STRANGER, shipped, NOW, ZONE) is None
    assert changes_at(facts, shipped, NOW, ZONE) == order_at + timedelta(days=365)
    facts = replace(facts, oldest_interaction_at=touch_at)
    assert changes_at(facts, shipped, NOW, ZONE) == touch_at + timedelta(days=365)
    facts = replace(facts, since=date(2020, 6, 4))
    assert changes_at(facts, shipped, NOW, ZONE) == datetime(2024, 6, 4, tzinfo=ZONE)


LAST = {"tier": "rest", "en": "Rest", "zh": "其他"}


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        [LAST, LAST],
        [{**LAST, "when": "true"}],
        [{**LAST, "tier": "first"}, LAST],
        [{**LAST, "tier": f"t{n}", "when": "true"} for n in range(MAX_TIERS)] + [LAST],
        [{**LAST, "more": 1}],
    ],
)
def test_a_scheme_ends_with_the_tier_that_takes_the_rest(tiers: list[dict[str, str]]) -> None:
    with pytest.raises(ValidationError):
        TierScheme.model_validate({"tiers": tiers})


def test_a_preview_counts_the_tiers_and_keeps_held_ones() -> None:
    rich = replace(STRANGER, amount_minor=500_000_00, orders=1)
    known = [
        Known(UUID(int=1), "growth", is_held=False, facts=rich),
        Known(UUID(int=2), "growth", is_held=True, facts=rich),
        Known(UUID(int=3), None, is_held=False, facts=STRANGER),
    ]
    found = preview_of(known, SHIPPED["default"], NOW, ZONE)
    assert (found.customers_looked_at, found.held) == (3, 1)
    assert [(each.tier, each.now, each.then) for each in found.counts] == [
        ("vip", 0, 1),
        ("growth", 2, 1),
        ("ordinary", 0, 1),
    ]
    assert [(each.customer_id.int, each.tier, each.would_be) for each in found.items] == [
        (1, "growth", "vip"),
        (3, None, "ordinary"),
    ]
