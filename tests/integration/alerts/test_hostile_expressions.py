"""Expressions with characters that PostgreSQL does not store: a clear refusal, or a failure that can be shown."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.customer import Stage, StageChanged
from contracts.examples import example
from contracts.followup import ComplaintRaised, Severity
from tests.support.rule_desk import RuleDesk, silence

# The reason of the library repeats the text of the pattern.
PATTERN = r"'a'.matches('(\x00')"
APPLIES = silence(7, applies=f"stage == 'new' ? true : {PATTERN}")
COUNT = {"shape": "count", "signal": "complaint", "times": 1, "days": 30}
COUNTS = silence(7, condition={**COUNT, "counts": f"severity == 'critical' ? {PATTERN} : true"})


@pytest.mark.parametrize("definition", [APPLIES, COUNTS], ids=["applies", "counts"])
async def test_a_failure_whose_reason_has_such_a_character_is_shown(desk: RuleDesk, definition: dict[str, Any]) -> None:
    customer_id = await desk.customer(10)
    await desk.publish("calls", definition)
    await desk.settle()
    await desk.tell(customer_id, example(StageChanged, stage=Stage.ESTABLISHED))
    await desk.tell(customer_id, example(ComplaintRaised, severity=Severity.CRITICAL), stream_id=uuid4())
    await desk.settle()
    [failure] = (await desk.done("GET", "/v1/rules/calls/failures"))["items"]
    assert failure["customer_id"] == str(customer_id)
    assert "missing )" in failure["reason"]
    assert "\x00" not in failure["reason"]


async def test_such_a_character_in_the_name_of_a_segment_is_refused_with_the_field(desk: RuleDesk) -> None:
    definition = silence(7, applies=r"'\x00' in segments")
    for method, path, more in (("PUT", "draft", {"reason": "A test"}), ("POST", "preview", {})):
        response = await desk.ask(method, f"/v1/rules/calls/{path}", {"definition": definition, **more})
        assert response.status_code == 422, response.text
        [error] = response.json()["errors"]
        assert error["pointer"] == "/definition/applies"
        assert "U+0000" in error["detail"]
