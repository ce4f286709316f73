"""Cases 29 and 30: numbers of two kinds in a tier rule, and a message that is sent again in another form."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chassis.consume.inbound_message import read_message
from chassis.rules.expressions import ExpressionError
from contracts.cloudevents import CONTENT_TYPE
from contracts.inbound import INBOUND
from services.customer.tiers.rules import CONDITIONS, inputs_of
from tests.unit.chassis.test_inbound_message import DATA, HEADERS
from tests.unit.customer.test_tier_rules import STRANGER, TODAY

BUYER = inputs_of(replace(STRANGER, amount_minor=501_00, orders=2, csat=80), "CNY", TODAY).model_dump()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("amount >= 500.5", True),
        ("500.5 < amount", True),
        ("amount > 501.5", False),
        ("amount < 501.25 && orders <= 2.0", True),
        ("csat >= 79.5", True),
        ("nps >= 8.5", False),
        ("nps == null || nps >= 8.5", True),
        ("amount >= 501", True),
        ("potential < 'z'", True),
    ],
)
def test_29_whole_numbers_compare_with_fractions_in_a_tier_rule(condition: str, holds: bool) -> None:
    CONDITIONS.check(condition)
    assert CONDITIONS.holds(condition, BUYER) is holds


@pytest.mark.parametrize("condition", ["amount >= 'a lot'", "stage > 1.5", "amount > potential"])
def test_29_a_number_still_does_not_compare_with_a_text(condition: str) -> None:
    with pytest.raises(ExpressionError, match="no matching overload"):
        CONDITIONS.check(condition)


def digest(value: str, headers: dict[str, str] = HEADERS) -> bytes:
    return read_message(headers, value.encode(), INBOUND).digest


def structured(data: dict[str, Any], **attributes: str) -> bytes:
    message = {name.removeprefix("ce_"): text for name, text in HEADERS.items()} | attributes | {"data": data}
    return digest(json.dumps(message), {"content-type": CONTENT_TYPE})


def test_30_the_same_message_in_another_form_is_the_same_fact() -> None:
    first = digest(json.dumps(DATA))
    backwards = dict(reversed(DATA.items())) | {"order": {"id": "SO-1", "system": "erp"}}
    assert list(backwards) != list(DATA)
    assert digest(json.dumps(backwards)) == first
    assert digest(json.dumps(DATA, indent=2)) == first
    assert digest(json.dumps(DATA | {"category": None})) == first
    assert structured(backwards) == first
    assert structured(DATA, time="2024-06-01T09:00:05+08:00") == first


def test_30_the_same_message_with_another_instant_of_the_same_time_is_the_same_fact() -> None:
    here, there = (
        digest(json.dumps(DATA | {"occurred_at": at})) for at in ("2024-06-01T09:00:00+08:00", "2024-06-01T01:00:00Z")
    )
    assert here == there


@pytest.mark.parametrize("other", [{"amount_minor": 1}, {"category": "servers"}, {"occurred_at": "2024-06-01T09:00Z"}])
def test_30_other_content_under_the_same_id_is_another_fact(other: dict[str, Any]) -> None:
    assert digest(json.dumps(DATA | other)) != digest(json.dumps(DATA))
