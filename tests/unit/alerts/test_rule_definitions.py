"""What a definition of a rule may be: the limits of each field, and the sentence that says what it does."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from services.alerts.engine.rule import RuleDefinition, definition_of
from services.alerts.engine.sentences import sentence
from services.alerts.engine.shapes.owed import MAX_GRACE_MINUTES
from services.alerts.engine.shapes.silence import MAX_SIGNALS
from services.alerts.engine.tiers import MAX_DAYS, MAX_HOURS, MAX_TIERS
from services.alerts.shipped.rules import DEFAULT_RULES

SILENCE: dict[str, Any] = {
    "title": {"en": "Nobody calls", "zh": "没有人联系"},
    "severities": {"vip": "error", "others": "warning"},
    "condition": {"shape": "silence", "signals": ["order"], "after": "deal", "days": {"follow-up": {"others": 7}}},
}
HOURS = {"critical": 4, "high": 12, "normal": 24, "low": 48}
OWED: dict[str, Any] = SILENCE | {"condition": {"shape": "owed", "item": "complaint", "hours": HOURS}}
MANY = {f"t{number}": 1 for number in range(MAX_TIERS)} | {"others": 1}


def changed(definition: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy = deepcopy(definition)
    *above, last = path.split("/")
    place = copy
    for name in above:
        place = place[name]
    place[last] = value
    return copy


@pytest.mark.parametrize(
    ("definition", "path", "value", "reported"),
    [
        (SILENCE, "title/en", "x" * 201, "string_too_long"),
        (SILENCE, "title/zh", " ", "text must not be blank"),
        (SILENCE, "title", {"en": "Only English"}, "missing"),
        (SILENCE, "severities", {"vip": "error"}, "`others`"),
        (SILENCE, "severities", {"others": "urgent"}, "enum"),
        (SILENCE, "severities", dict.fromkeys(MANY, "info"), "too_long"),
        (SILENCE, "severities", {"VIP!": "info", "others": "info"}, "string_pattern_mismatch"),
        (SILENCE, "condition/shape", "noise", "union_tag_invalid"),
        (SILENCE, "condition/signals", [], "too_short"),
        (SILENCE, "condition/signals", ["order"] * (MAX_SIGNALS + 1), "too_long"),
        (SILENCE, "condition/signals", ["fax"], "literal_error"),
        (SILENCE, "condition/days", {}, "too_short"),
        (SILENCE, "condition/days", {"follow-up": MANY}, "too_long"),
        (SILENCE, "condition/days", {"follow-up": {"vip": 3}}, "`others`"),
        (SILENCE, "condition/days/follow-up/others", 0, "greater_than_equal"),
        (SILENCE, "condition/days/follow-up/others", MAX_DAYS + 1, "less_than_equal"),
        (SILENCE, "condition/hours", 4, "extra_forbidden"),
        (SILENCE, "threshold", 4, "extra_forbidden"),
        (OWED, "condition/hours", HOURS | {"low": MAX_HOURS + 1}, "less_than_equal"),
        (OWED, "condition/hours", {"low": 1}, "every severity"),
        (OWED, "condition/grace_minutes", MAX_GRACE_MINUTES + 1, "less_than_equal"),
        (OWED, "condition/grace_minutes", -1, "greater_than_equal"),
    ],
)
def test_a_definition_beyond_its_limits_is_refused(
    definition: dict[str, Any], path: str, value: Any, reported: str
) -> None:
    RuleDefinition.model_validate(definition)
    with pytest.raises(ValidationError) as found:
        RuleDefinition.model_validate(changed(definition, path, value))
    assert any(
        reported in {each["type"], *each["msg"].split()} or reported in each["msg"] for each in found.value.errors()
    )


@pytest.mark.parametrize(
    ("path", "value"), [("condition/days/follow-up/others", 1), ("condition/days/follow-up/others", MAX_DAYS)]
)
def test_the_limits_themselves_are_allowed(path: str, value: Any) -> None:
    assert definition_of(RuleDefinition.model_validate(changed(SILENCE, path, value))) != SILENCE


def test_a_shipped_rule_is_the_same_after_it_was_stored() -> None:
    for rule in DEFAULT_RULES.rules:
        stored = definition_of(rule)
        assert definition_of(RuleDefinition.model_validate(stored)) == stored


def test_the_sentence_says_what_the_rule_does() -> None:
    words = sentence(RuleDefinition.model_validate(SILENCE))
    assert words.en == (
        "Opens when no order has come since the last deal for these days (follow-up: others 7);"
        " closes with the next one."
    )
    assert words.zh == "自签约起超过天数没有下单时触发（跟进期：其他 7 天），有之后解除。"


def test_the_sentence_of_a_level_names_both_limits() -> None:
    condition = {"shape": "level", "score": "satisfaction", "below": 50, "margin": 15, "days": 30}
    words = sentence(RuleDefinition.model_validate(SILENCE | {"condition": condition}))
    assert words.en == (
        "Opens when the satisfaction falls below 50 of 100; closes at 65 or more, or 30 days after the last score."
    )
    assert words.zh == "满意度低于 50 分（满分 100）时触发，达到 65 分或最近得分满 30 天后解除。"


def test_a_description_takes_the_place_of_the_sentence() -> None:
    own = {"en": "Calls are missing", "zh": "缺少联系"}
    assert sentence(RuleDefinition.model_validate(SILENCE | {"description": own})).zh == "缺少联系"


def test_every_shipped_rule_has_a_sentence_in_both_languages() -> None:
    sentences = [sentence(rule) for rule in DEFAULT_RULES.rules]
    assert all(each.en.endswith(".") and each.zh.endswith("。") for each in sentences)
