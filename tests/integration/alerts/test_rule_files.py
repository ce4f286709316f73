"""Rules as YAML: exported, imported as drafts, one result for each."""

import pytest

from chassis.rules.yaml_text import read_yaml, write_yaml
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.rule_desk import RuleDesk, silence


async def test_an_export_is_imported_again_without_a_change(desk: RuleDesk) -> None:
    await desk.publish("calls", silence(7))
    await desk.follow()
    exported = await desk.ask("GET", "/v1/rules/export")
    assert exported.headers["content-type"].startswith("application/yaml")
    names = read_yaml(exported.text)["rules"].keys()
    assert names == {"calls", *(rule.id for rule in DEFAULT_RULES.rules)}
    result = await desk.done("POST", "/v1/rules/import", {"yaml": exported.text, "reason": "A test"})
    assert {each["name"]: each["outcome"] for each in result["items"]} == dict.fromkeys(names, "unchanged")


async def test_valid_rules_are_drafted_even_if_others_fail(desk: RuleDesk) -> None:
    rules = {
        "calls": silence(7),
        "BAD NAME": silence(7),
        "sweep": silence(7),
        "too-long": silence(4_000),
        "wrong": silence(7, applies="tier = 1"),
    }
    response = await desk.ask("POST", "/v1/rules/import", {"yaml": write_yaml({"rules": rules}), "reason": "A test"})
    assert response.status_code == 207
    found = {each["name"]: each for each in response.json()["items"]}
    assert {name: each["outcome"] for name, each in found.items()} == dict.fromkeys(rules, "failed") | {
        "calls": "drafted"
    }
    assert [each["pointer"] for each in found["too-long"]["errors"]] == ["/condition/days/follow-up/others"]
    assert [each["pointer"] for each in found["wrong"]["errors"]] == ["/applies"]
    assert "line 1, column 6" in found["wrong"]["errors"][0]["detail"]
    draft = await desk.done("GET", "/v1/rules/calls/draft")
    assert (draft["number"], draft["phase"], draft["definition"]) == (1, "draft", silence(7))
    assert (await desk.ask("GET", "/v1/rules/calls")).status_code == 404


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rules: [", "line 2, column 1"),
        ("a: &a 1\nrules: {x: *a}", "aliases"),
        ("rules: []", "a definition for each name"),
        ("rules: {}\nothers: 1", "a definition for each name"),
        ("rules: {" + ", ".join(f"r{number}: 1" for number in range(501)) + "}", "At most 500"),
    ],
)
async def test_a_document_of_another_form_is_refused(desk: RuleDesk, text: str, reason: str) -> None:
    response = await desk.ask("POST", "/v1/rules/import", {"yaml": text, "reason": "A test"})
    assert response.status_code == 422
    assert reason in response.json()["detail"]


async def test_a_document_of_any_size_is_refused(desk: RuleDesk) -> None:
    response = await desk.ask("POST", "/v1/rules/import", {"yaml": "x" * 200_001, "reason": "A test"})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/yaml")


async def test_an_unknown_shape_is_refused_with_its_place(desk: RuleDesk) -> None:
    definition = silence(7) | {"condition": {"shape": "noise"}}
    response = await desk.ask("POST", "/v1/rules/validation", {"definition": definition})
    [error] = response.json()["errors"]
    assert (error["pointer"], error["rule"]) == ("/definition/condition", "union_tag_invalid")
    assert "'silence'" in error["detail"]
    assert "noise" not in error["detail"]
