"""The committed OpenAPI documents say what the routes do, and are valid."""

import json

import pytest
from openapi_spec_validator import validate

from services import openapi


@pytest.mark.parametrize("service", openapi.SERVICES)
def test_the_committed_document_is_what_the_routes_say(service: str) -> None:
    assert openapi.committed(service).read_text() == openapi.document(service)


@pytest.mark.parametrize("service", openapi.SERVICES)
def test_the_document_is_valid(service: str) -> None:
    validate(json.loads(openapi.committed(service).read_text()))


@pytest.mark.parametrize("service", openapi.SERVICES)
def test_every_operation_says_how_it_fails_and_needs_a_token(service: str) -> None:
    document = json.loads(openapi.committed(service).read_text())
    assert document["security"] == [{"bearer": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "default" in operation["responses"], (path, method)
