"""The committed OpenAPI documents say what the routes do, are valid, and suit generated clients."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from chassis.commands.problem import CATALOGUE
from chassis.http.problems import MEDIA_TYPE
from chassis.http.responses import JSON
from services import openapi

DOCUMENTS = {service: json.loads(openapi.committed(service).read_text()) for service in openapi.SERVICES}
OPERATIONS = [
    pytest.param(service, operation, id=f"{service} {method.upper()} {path}")
    for service, document in DOCUMENTS.items()
    for path, operations in document["paths"].items()
    for method, operation in operations.items()
]
every_service = pytest.mark.parametrize("service", openapi.SERVICES)
every_operation = pytest.mark.parametrize(("service", "operation"), OPERATIONS)
PREFIX = "#/components/schemas/"
READABLE_ID = re.compile(r"^[a-z]+(_[a-z]+)+$")
MODEL_NAME = re.compile(r"^[A-Z][A-Za-z]*$")
ALWAYS = {"400", "401", "403", "422", "500", "503"}


@every_service
def test_the_committed_document_is_what_the_routes_say(service: str) -> None:
    assert openapi.committed(service).read_text() == openapi.document(service)


@every_service
def test_the_document_is_valid(service: str) -> None:
    validate(DOCUMENTS[service])


@every_service
def test_43_the_document_names_its_server_licence_contact_and_security(service: str) -> None:
    document = DOCUMENTS[service]
    assert document["security"] == [{"bearer": []}]
    assert document["servers"][0]["url"] == "/"
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert document["info"]["contact"]["name"]
    assert document["info"]["description"]


@every_service
def test_43_every_tag_is_described_and_every_operation_has_one(service: str) -> None:
    document = DOCUMENTS[service]
    described = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(described.values())
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert {tag for operation in operations for tag in operation["tags"]} == described.keys()
    assert all(operation["tags"] for operation in operations)


@every_service
def test_43_the_ids_of_operations_are_unique_and_readable(service: str) -> None:
    found = [each["operationId"] for path in DOCUMENTS[service]["paths"].values() for each in path.values()]
    assert [name for name, count in Counter(found).items() if count > 1] == []
    assert [name for name in found if not READABLE_ID.match(name)] == []


@every_operation
def test_43_every_operation_says_how_it_fails(service: str, operation: dict[str, Any]) -> None:
    assert operation["summary"] != operation["operationId"]
    responses = operation["responses"]
    assert responses.keys() >= ALWAYS
    assert any(status.startswith("2") for status in responses)
    for status, reference in responses.items():
        if not status.startswith("2"):
            response = component(service, reference)
            assert response["content"][MEDIA_TYPE]["schema"] == {"$ref": f"{PREFIX}Problem"}
            assert {each["value"]["status"] for each in response["content"][MEDIA_TYPE]["examples"].values()} == {
                int(status)
            }


@every_operation
def test_43_the_example_of_a_request_fits_its_schema(service: str, operation: dict[str, Any]) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        validator(service, content[JSON]["schema"]).validate(content[JSON]["example"])
    assert not content or any("example" in media for media in content.values())


@every_service
def test_43_every_problem_has_an_example_that_fits(service: str) -> None:
    for response in DOCUMENTS[service]["components"]["responses"].values():
        examples = response["content"][MEDIA_TYPE]["examples"]
        [status] = {each["value"]["status"] for each in examples.values()}
        assert examples.keys() == {code for code, (each, _, _) in CATALOGUE.items() if each == status}
        for each in examples.values():
            validator(service, {"$ref": f"{PREFIX}Problem"}).validate(each["value"])


@every_service
def test_44_no_two_models_have_one_name_and_every_name_is_readable(service: str) -> None:
    names = list(DOCUMENTS[service]["components"]["schemas"])
    assert [name for name in names if not MODEL_NAME.match(name)] == []
    assert len({name.lower() for name in names}) == len(names)


@every_service
def test_44_the_type_of_a_problem_is_open_and_its_errors_are_typed(service: str) -> None:
    problem = DOCUMENTS[service]["components"]["schemas"]["Problem"]["properties"]
    assert "enum" not in problem["type"]
    assert problem["type"]["x-extensible-enum"] == [f"/problems/{code}" for code in CATALOGUE]
    assert problem["errors"]["items"] == {"$ref": f"{PREFIX}FieldError"}


@every_operation
def test_44_an_answer_has_every_field_and_is_open(service: str, operation: dict[str, Any]) -> None:
    answers = [each for status, each in operation["responses"].items() if status.startswith("2")]
    for schema in within(service, answers):
        assert "enum" not in schema
        assert "default" not in schema
        assert schema.get("additionalProperties") is not False
        assert set(schema.get("required", ())) == set(schema.get("properties", ()))


@every_operation
def test_44_an_answer_is_typed_except_for_the_content_of_events_and_versions(
    service: str, operation: dict[str, Any]
) -> None:
    answers = [each for status, each in operation["responses"].items() if status.startswith("2")]
    assert all(media["schema"] for answer in answers for media in answer["content"].values())
    for schema in within(service, answers):
        untyped = [name for name, each in schema.get("properties", {}).items() if is_untyped(each)]
        assert set(untyped) <= {"data", "definition", "rules", "before", "after"}


@every_operation
def test_44_a_request_needs_no_field_that_has_a_default(service: str, operation: dict[str, Any]) -> None:
    for schema in within(service, operation.get("requestBody", {})):
        fields = schema.get("properties", {})
        assert not [name for name, each in fields.items() if "default" in each]
        with_default = {name for name, each in fields.items() if "Default: " in each.get("description", "")}
        assert not with_default & set(schema.get("required", ()))


def is_untyped(schema: dict[str, Any]) -> bool:
    """Return whether the schema says nothing about the fields of an object, or about the items of a list."""
    if schema.get("type") == "array":
        return is_untyped(schema.get("items", {}))
    is_object = schema.get("type") == "object"
    return is_object and not isinstance(schema.get("additionalProperties"), dict) and "properties" not in schema


def component(service: str, reference: dict[str, str]) -> dict[str, Any]:
    found: Any = DOCUMENTS[service]
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def within(service: str, part: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema that `part` contains or refers to, once."""
    waiting, seen = [part], set()
    while waiting:
        match waiting.pop():
            case {"$ref": str(reference)}:
                if reference.startswith(PREFIX) and reference not in seen:
                    seen.add(reference)
                    waiting.append(component(service, {"$ref": reference}))
            case dict() as found:
                if found.keys() & {"type", "properties", "anyOf"} and not isinstance(found.get("type"), dict):
                    yield found
                waiting += [each for name, each in found.items() if name not in {"example", "examples", "headers"}]
            case list() as items:
                waiting += items
            case _:
                continue


def validator(service: str, schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({"components": DOCUMENTS[service]["components"], **schema})
