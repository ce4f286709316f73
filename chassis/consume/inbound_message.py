"""Parses inbound messages: CloudEvents in binary or structured mode, validated as strictly as requests."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiokafka import ConsumerRecord
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from chassis.kafka.cloudevents import UndecodableError
from chassis.runtime.strict_json import MalformedJsonError, read_json
from contracts.cloudevents import CONTENT_TYPE
from contracts.types import Instant, Word

MAX_MESSAGE_BYTES = 64 * 1024
# A field name or an index; other texts in the place of one may be personal data, or no valid text at all.
PLAIN_NAME = re.compile(r"^[a-z_]{1,32}\Z|^[0-9]{1,5}\Z")
M = TypeVar("M", bound=BaseModel)


class Attributes(BaseModel):
    """The CloudEvents attributes that are used; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: Word
    source: Word
    type: Word
    time: Instant
    correlationid: Word | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Message(Generic[M]):
    """A valid inbound message. `digest` identifies its content: the same id must not have different content.

    The order of fields, spacing, and the mode and time of the message are not part of the content.
    """

    attributes: Attributes
    data: M
    digest: bytes


def headers_of(record: ConsumerRecord[Any, Any]) -> dict[str, str]:
    """Return the headers of a record; none if one of them is not UTF-8 text."""
    try:
        return {name: value.decode() for name, value in record.headers}
    except (UnicodeDecodeError, AttributeError):
        return {}


def read_message(headers: Mapping[str, str], value: bytes | None, known: Mapping[str, type[M]]) -> Message[M]:
    """Parse and validate a record. Raises UndecodableError, which names invalid fields and contains no data."""
    if value is None:
        raise UndecodableError("the record has no value")
    if len(value) > MAX_MESSAGE_BYTES:
        raise UndecodableError(f"the value is larger than {MAX_MESSAGE_BYTES} bytes")
    try:
        body = read_json(value)
    except MalformedJsonError as error:
        raise UndecodableError(error.en) from error
    try:
        attributes, content = attributes_and_data(headers, body)
        if attributes.type not in known:
            raise UndecodableError("the type is not accepted on this topic")
        data = known[attributes.type].model_validate(content)
    except ValidationError as error:
        raise UndecodableError(f"invalid: {invalid_fields(error)}") from error
    digest = digest_of(attributes.type, data)
    if getattr(data, "occurred_at", attributes.time) is None:
        data = data.model_copy(update={"occurred_at": attributes.time})
    return Message(attributes, data, digest)


def digest_of(message_type: str, data: BaseModel) -> bytes:
    """Return a digest of the stated values. Without the defaults, a new field of the type does not change it."""
    return hashlib.sha256(f"{message_type}{data.model_dump_json(exclude_defaults=True)}".encode()).digest()


def attributes_and_data(headers: Mapping[str, str], body: Any) -> tuple[Attributes, Any]:
    """Return attributes and data: both from the body in structured mode, from headers and body in binary mode."""
    if not is_structured(headers):
        attributes = {name.removeprefix("ce_"): text for name, text in headers.items() if name.startswith("ce_")}
        return Attributes.model_validate({**attributes, "traceparent": headers.get("traceparent")}), body
    if not isinstance(body, dict):
        raise UndecodableError("a structured CloudEvent must be an object")
    return Attributes.model_validate(body), body.get("data")


def data_of(headers: Mapping[str, str], value: bytes | None) -> Any:
    """Return the data of a message that may be invalid, or None if its value cannot be read."""
    try:
        body = read_json(value or b"")
    except MalformedJsonError:
        return None
    return body.get("data") if is_structured(headers) and isinstance(body, dict) else body


def is_structured(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == CONTENT_TYPE


def invalid_fields(error: ValidationError) -> str:
    """Name the invalid fields. The sender chooses the names of unknown fields: only plain ones are repeated."""
    return ", ".join(f"{place_of(fault)} ({fault['type']})" for fault in error.errors())


def place_of(fault: ErrorDetails) -> str:
    return ".".join(str(part) if PLAIN_NAME.match(str(part)) else "?" for part in fault["loc"]) or "data"
