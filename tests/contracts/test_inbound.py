"""What other systems tell: each type has an example, and its schema is closed."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.documents import told_schema
from contracts.examples.inbound import TOLD_EXAMPLES
from contracts.inbound import TOLD, AnyTold


def payload(kind: type[AnyTold]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TOLD_EXAMPLES[kind].model_dump_json(exclude_none=True))
    return found


def test_each_type_has_an_example() -> None:
    assert TOLD_EXAMPLES.keys() == set(TOLD.values())


@pytest.mark.parametrize("kind", TOLD.values(), ids=TOLD)
def test_the_example_is_read_as_it_was_meant(kind: type[AnyTold]) -> None:
    assert kind.model_validate(payload(kind)) == TOLD_EXAMPLES[kind]


@pytest.mark.parametrize("kind", TOLD.values(), ids=TOLD)
def test_the_schema_takes_the_example_and_no_field_too_many(kind: type[AnyTold]) -> None:
    validator = Draft202012Validator(told_schema(kind))
    assert validator.is_valid(payload(kind))
    assert not validator.is_valid(payload(kind) | {"strange": 1})
