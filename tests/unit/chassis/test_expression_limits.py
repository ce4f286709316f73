"""An expression takes little memory: no loop goes through what another loop made, and not every text is kept."""

import pytest

from chassis.rules.expressions import KEPT, Conditions, ExpressionError

CONDITIONS = Conditions({"tags": list, "tier": str})
MADE = "cannot depend on the variable or the result"


def doubled_within(times: int) -> str:
    """Return an expression that doubles a text in each loop, without `map`."""
    body = f"a{times} == 'b'"
    for number in range(times, 0, -1):
        body = f"[a{number - 1} + a{number - 1}].exists(a{number}, {body})"
    return f"['a'].exists(a0, {body})"


@pytest.mark.parametrize(
    "condition",
    [
        "['aaaaaaaaaa']" + ".map(a, a + a)" * 26 + ".exists(a, a == 'b')",
        "[1]" + ".map(a, [a, a])" * 26 + " == []",
        doubled_within(20),
        "['a'].exists(u, [u + u].exists(t, t == tier))",
        "tags.filter(t, t != 'a').exists(t, t == 'b')",
    ],
)
def test_a_loop_through_what_a_loop_made_is_refused(condition: str) -> None:
    with pytest.raises(ExpressionError, match=MADE):
        CONDITIONS.check(condition)


def test_the_place_is_that_of_the_inner_list() -> None:
    with pytest.raises(ExpressionError, match="line 2, column 2:"):
        CONDITIONS.check("tags.exists(t,\n[t + t].exists(u, u == t))")


@pytest.mark.parametrize(
    "condition",
    [
        "tags.exists(t, ['a', 'b'].exists(u, u == t))",
        "tags.exists(t, tags.exists(u, t + u == 'bb'))",
        "tags.filter(t, t != 'a').size() == 1",
        "tags.map(t, t + tier) == ['ag', 'bg'] && tags.all(t, t != tier)",
        "[tier, 'x'].exists(t, t in tags) || size(tags) == 2",
    ],
)
def test_loops_through_variables_and_fixed_lists_are_evaluated(condition: str) -> None:
    assert CONDITIONS.evaluate(condition, {"tags": ["a", "b"], "tier": "g"})


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ("tags.exists(tier, tier == 'a')", "column 13: tier"),
        ("tags.exists(t, true) ||\n tags.all( score , score == 'a')", "line 2, column 12: score"),
        ("['a'].exists(tags, [tags + tags].exists(t, t == tier))", "column 14: tags"),
    ],
)
def test_a_loop_in_a_new_expression_hides_no_variable(condition: str, place: str) -> None:
    conditions = Conditions({"tags": list, "tier": str}, {"score": int})
    with pytest.raises(ExpressionError, match=f"{place} is known already: choose another name") as caught:
        conditions.check_new(condition)
    assert "请换一个名称" in caught.value.zh
    conditions.check_new("tags.exists(other, other == tier)")


def test_a_loop_in_a_stored_expression_may_hide_a_variable() -> None:
    assert CONDITIONS.evaluate("tags.exists(tier, tier == 'a')", {"tags": ["a"], "tier": "g"})


def test_only_so_many_compiled_expressions_are_kept() -> None:
    conditions = Conditions({"tier": str})
    for number in range(KEPT + 1):
        conditions.check(f"tier == '{number}'")
    assert conditions._compiled.cache_info().currsize == KEPT
