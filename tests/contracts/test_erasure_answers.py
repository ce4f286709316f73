"""Answers to erasures: one id for one answer, a schema that fits it, and no service but those that answer so."""

import json
from dataclasses import asdict
from typing import get_args
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from chassis.consume.inbound_message import read_message
from contracts.asyncapi_erasure import EXAMPLES, example_value, payload
from contracts.documents import erasure_answer_schema
from contracts.erasure_answers import (
    ANSWER_TOPICS,
    CONFIRMATIONS,
    ConfirmingService,
    ErasureConfirmed,
    record_of,
)
from contracts.example_records import EXAMPLE_URL
from contracts.topics import ERASURE_ANSWERS, EVENT_TYPES, TOPICS, UNLIMITED_RETENTION, Topic

ROWS = {
    topic: {
        "erasure_id": told.erasure_id,
        "customer_id": told.customer_id,
        "entries": 0,
        "received_at": told.received_at,
    }
    for topic, told in EXAMPLES.items()
}


def test_each_service_without_words_has_a_topic_that_keeps_everything_and_is_its_own() -> None:
    assert set(ANSWER_TOPICS) == set(get_args(ConfirmingService))
    assert tuple(ANSWER_TOPICS.values()) == ERASURE_ANSWERS
    assert {topic.owner for topic in ERASURE_ANSWERS} == set(ANSWER_TOPICS)
    assert {topic.retention_ms for topic in ERASURE_ANSWERS} == {UNLIMITED_RETENTION}


def test_answers_are_none_of_the_facts_whose_chain_readers_follow() -> None:
    assert not set(map(str, map(asdict, ERASURE_ANSWERS))) & set(map(str, map(asdict, TOPICS)))
    assert ErasureConfirmed.TYPE not in EVENT_TYPES


@pytest.mark.parametrize("topic", ERASURE_ANSWERS, ids=lambda topic: topic.owner)
def test_what_is_sent_is_what_is_documented_and_is_read_as_it_was_meant(topic: Topic) -> None:
    key, value, headers = record_of(EXAMPLES[topic].service, EXAMPLE_URL, ROWS[topic])
    named = {name: text.decode() for name, text in headers}
    assert json.loads(value) == example_value(topic)
    assert key.decode() == json.loads(value)["subject"]
    message = read_message(named, value, CONFIRMATIONS)
    assert message.data == EXAMPLES[topic]
    assert (message.attributes.source, message.attributes.id) == (f"/care/{topic.owner}", str(EXAMPLES[topic].id))
    validator = Draft202012Validator(erasure_answer_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert validator.is_valid(payload(topic))
    assert validator.is_valid(payload(topic) | {"since": "a later version"})
    assert not validator.is_valid(payload(topic) | {"service": "bookkeeping"})


def test_an_answer_has_one_id_for_each_erasure_and_service() -> None:
    alerts, reporting = (EXAMPLES[topic] for topic in ERASURE_ANSWERS)
    assert alerts.id == alerts.model_copy(update={"entries": 3}).id
    assert alerts.id != reporting.id
    assert alerts.id != alerts.model_copy(update={"erasure_id": UUID(int=1)}).id


@pytest.mark.parametrize("wrong", [{"service": "customer"}, {"entries": -1}, {"received_at": "yesterday"}])
def test_what_does_not_fit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ErasureConfirmed.model_validate(payload(ERASURE_ANSWERS[0]) | wrong)
