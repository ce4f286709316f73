"""What other systems tell: each type has an example, and its schema is closed."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.documents import inbound_schema
from contracts.examples.inbound import INBOUND_EXAMPLES
from contracts.inbound import INBOUND, AnyInbound


def payload(kind: type[AnyInbound]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(INBOUND_EXAMPLES[kind].model_dump_json(exclude_none=True))
    return found


def test_each_type_has_an_example() -> None:
    assert INBOUND_EXAMPLES.keys() == set(INBOUND.values())


@pytest.mark.parametrize("kind", INBOUND.values(), ids=INBOUND)
def test_the_example_is_read_as_it_was_meant(kind: type[AnyInbound]) -> None:
    assert kind.model_validate(payload(kind)) == INBOUND_EXAMPLES[kind]


@pytest.mark.parametrize("kind", INBOUND.values(), ids=INBOUND)
def test_the_schema_takes_the_example_and_no_field_too_many(kind: type[AnyInbound]) -> None:
    validator = Draft202012Validator(inbound_schema(kind))
    assert validator.is_valid(payload(kind))
    assert not validator.is_valid(payload(kind) | {"strange": 1})
