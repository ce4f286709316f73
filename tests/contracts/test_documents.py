"""The generated documents are fresh, say what the code says, and their examples fit their schemas."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from contracts import asyncapi, documents
from contracts.topics import EVENT_TYPES, TOPICS, WATERMARKS
from contracts.watermark import Watermark

DOCUMENT = asyncapi.document()
GENERATED = documents.documents().keys()
TRAIT = DOCUMENT["components"]["messageTraits"]["cloudEvent"]
MESSAGES = DOCUMENT["components"]["messages"]


def test_the_committed_documents_are_fresh() -> None:
    assert documents.stale(documents.ROOT) == []


def test_a_stale_a_missing_and_a_leftover_file_are_named(tmp_path: Path) -> None:
    documents.write(tmp_path)
    (tmp_path / documents.ASYNCAPI).write_text("{}")
    (tmp_path / documents.TOPICS_PAGE).unlink()
    (tmp_path / documents.SCHEMAS / "care.customer.forgotten.v1.json").write_text("{}")

    assert documents.stale(tmp_path) == [
        documents.ASYNCAPI,
        f"{documents.SCHEMAS}/care.customer.forgotten.v1.json",
        documents.TOPICS_PAGE,
    ]


def test_writing_again_leaves_nothing_stale(tmp_path: Path) -> None:
    leftover = tmp_path / documents.SCHEMAS / "care.customer.forgotten.v1.json"
    documents.write(tmp_path)
    leftover.write_text("{}")

    documents.write(tmp_path)

    assert documents.stale(tmp_path) == []
    assert not leftover.exists()


def test_the_check_fails_and_names_the_stale_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents, "ROOT", tmp_path)

    assert documents.main(["--check"]) == 1
    assert documents.ASYNCAPI in capsys.readouterr().err
    assert documents.main([]) == 0
    assert documents.main(["--check"]) == 0


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_an_event_schema_is_sound_and_fits_its_example(event_type: str) -> None:
    schema = documents.schema(EVENT_TYPES[event_type])

    Draft202012Validator.check_schema(schema)
    for example in schema["examples"]:
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example)


def test_every_topic_is_a_channel_with_all_its_events() -> None:
    for topic in TOPICS:
        channel = DOCUMENT["channels"][topic.name]
        named = {MESSAGES[message]["name"] for message in channel["messages"]}

        assert channel["address"] == topic.name
        assert {event_type for event_type, event in EVENT_TYPES.items() if event in topic.events} <= named


@pytest.mark.parametrize("name", sorted(name for name in MESSAGES if "examples" in MESSAGES[name]))
def test_a_message_example_fits_its_schemas(name: str) -> None:
    message = MESSAGES[name]
    [example] = message["examples"]

    _validator(message["payload"]).validate(example["payload"])
    _validator(message.get("headers", TRAIT["headers"])).validate(example["headers"])


def test_49_every_topic_of_watermarks_is_a_channel_with_a_schema() -> None:
    assert {topic.name for topic in WATERMARKS} <= DOCUMENT["channels"].keys()
    assert all(topic.name in documents.topics_page() for topic in WATERMARKS)
    assert f"contracts/generated/schemas/{Watermark.TYPE}.json" in GENERATED


@pytest.mark.parametrize("name", sorted(name for name in MESSAGES if "examples" in MESSAGES[name]))
def test_45_every_schema_address_is_absolute_and_names_a_generated_schema(name: str) -> None:
    [example] = MESSAGES[name]["examples"]
    if "specversion" in example["payload"]:
        address = urlsplit(example["payload"]["dataschema"])
        assert address.scheme == "https"
        assert f"contracts/generated{address.path}" in GENERATED


def test_the_page_of_topics_names_every_topic_and_event_type() -> None:
    page = documents.topics_page()

    assert [name for name in (*EVENT_TYPES, *(topic.name for topic in TOPICS)) if name not in page] == []


def _validator(schema: dict[str, Any]) -> Draft7Validator:
    """Validate against a part of the document, whose references start from the document's root."""
    whole: dict[str, Any] = json.loads(json.dumps({"components": DOCUMENT["components"], "allOf": [schema]}))
    return Draft7Validator(whole, format_checker=Draft7Validator.FORMAT_CHECKER)
