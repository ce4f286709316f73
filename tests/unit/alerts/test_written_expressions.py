"""What is refused in an expression that somebody writes, although it could be evaluated."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.field_error import FieldError
from services.alerts.commands.definition import Definition
from services.alerts.engine.rings import RingName
from services.alerts.engine.rule import RuleDefinition
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.unit.alerts.test_rule_definitions import SILENCE

WRITTEN: TypeAdapter[RuleDefinition] = TypeAdapter(Definition)
MODES = "'follow-up', 'maintenance'"
SEVERITIES = "'low', 'normal', 'high', 'critical'"


def applying(condition: str) -> dict[str, Any]:
    return {**SILENCE, "applies": condition}


def counting(expression: str, signal: RingName = "complaint") -> dict[str, Any]:
    count = {"shape": "count", "signal": signal, "times": 1, "days": 30, "counts": expression}
    return {**SILENCE, "condition": count}


def refusal(definition: dict[str, Any], *place: str) -> FieldError:
    with pytest.raises(ValidationError) as caught:
        WRITTEN.validate_python(definition)
    [error] = caught.value.errors()
    found = error["ctx"]["error"]
    assert isinstance(found, FieldError)
    assert (*error["loc"], *found.place) == place
    return found


@pytest.mark.parametrize(
    ("condition", "place", "reason"),
    [
        ("mode == 'x'", "line 1, column 9", f"mode never has this value; it is one of: {MODES}"),
        ("'x' != mode", "line 1, column 1", f"it is one of: {MODES}"),
        ("has_owner &&\n stage in ['new', 'nwe']", "line 2, column 19", "'new', 'interested', 'signed', 'established'"),
        ("tags.exists(t, t == 'a' && mode == 'b')", "line 1, column 36", "mode never has"),
        ("has_owner ? mode == 'Follow-up' : true", "line 1, column 21", "mode never has"),
        ("tags.exists(stage, stage == 'vip')", "line 1, column 13", "stage is known already"),
        ("tags.all(a, tags.all(segments, segments == 'a'))", "line 1, column 22", "segments is known already"),
        ("tags.filter( tags, true) == tags", "line 1, column 14", "tags is known already"),
        ("tags.map(tier, tier + 'a') == []", "line 1, column 10", "choose another name"),
    ],
)
def test_such_a_condition_is_refused_with_its_place(condition: str, place: str, reason: str) -> None:
    found = refusal(applying(condition), "applies")
    assert found.en.startswith(f"{place}: ")
    assert reason in found.en
    assert "不会有这个值" in found.zh or "请换一个名称" in found.zh


@pytest.mark.parametrize(
    ("expression", "signal", "reason"),
    [
        ("severity in ['hgh']", "complaint", f"column 14: severity never has this value; it is one of: {SEVERITIES}"),
        ("intake == 'phone '", "complaint", "column 11: intake never has this value"),
        ("event == 'removed'", "key-contact-change", "it is one of: 'key-contact-changed', 'key-contact-removed'"),
        ("[1].exists(topic, topic > 0)", "complaint", "column 12: topic is known already"),
    ],
)
def test_such_an_expression_is_refused_with_its_place(expression: str, signal: RingName, reason: str) -> None:
    found = refusal(counting(expression, signal), "condition", "counts")
    assert reason in found.en


@pytest.mark.parametrize(
    "definition",
    [
        applying("mode == '' || stage != 'lost' || 'maintenance' == mode"),
        applying("tier in ['vip', 'anything'] && region == 'x' && tags == ['new']"),
        applying("mode in tags || stage in {'new': 'x'} || mode in ['a', 'maintenance'].map(t, t)"),
        applying("tags.exists(counts, counts == 'a')"),
        counting("severity in ['high', 'critical', ''] && topic == 'high'"),
        counting("event == 'key-contact-changed'", "key-contact-change"),
    ],
)
def test_other_comparisons_are_accepted(definition: dict[str, Any]) -> None:
    assert WRITTEN.validate_python(definition).severities


@pytest.mark.parametrize("definition", [applying("mode == 'x'"), applying("tags.exists(tier, true)")])
def test_what_is_stored_can_be_read(definition: dict[str, Any]) -> None:
    assert RuleDefinition.model_validate(definition).applies == definition["applies"]


def test_the_shipped_rules_can_be_written() -> None:
    for rule in DEFAULT_RULES.rules:
        assert WRITTEN.validate_python(rule.definition).title == rule.title
