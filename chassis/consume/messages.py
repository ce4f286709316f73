"""What another system's record says: a CloudEvent in binary or structured mode, read as strictly as a request."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.kafka.cloudevents import UndecodableError
from chassis.runtime.strict_json import MalformedJsonError, read_json
from contracts.types import Instant, Word

STRUCTURED = "application/cloudevents+json"
MAX_MESSAGE_BYTES = 64 * 1024
M = TypeVar("M", bound=BaseModel)


class Attributes(BaseModel):
    """The attributes of a CloudEvent that we use; others are let be."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: Word
    source: Word
    type: Word
    time: Instant
    correlationid: Word | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Message(Generic[M]):
    """A record that could be read. `digest` tells whether the same id came with another content."""

    attributes: Attributes
    told: M
    digest: bytes


def read_message(headers: Mapping[str, str], value: bytes | None, known: Mapping[str, type[M]]) -> Message[M]:
    """Read a record. Raises UndecodableError, which names the field and repeats nothing of what was sent."""
    if value is None:
        raise UndecodableError("the record has no value")
    if len(value) > MAX_MESSAGE_BYTES:
        raise UndecodableError(f"the value is larger than {MAX_MESSAGE_BYTES} bytes")
    try:
        body = read_json(value)
    except MalformedJsonError as error:
        raise UndecodableError(error.en) from error
    try:
        attributes, data = parts_of(headers, body)
        if attributes.type not in known:
            raise UndecodableError("the type is not one of those that are taken here")
        told = known[attributes.type].model_validate(data)
    except ValidationError as error:
        raise UndecodableError(f"does not fit: {places(error)}") from error
    if getattr(told, "occurred_at", attributes.time) is None:
        told = told.model_copy(update={"occurred_at": attributes.time})
    return Message(attributes, told, hashlib.sha256(attributes.type.encode() + value).digest())


def parts_of(headers: Mapping[str, str], body: Any) -> tuple[Attributes, Any]:
    """Return attributes and data, which stand together in structured mode and apart in binary mode."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != STRUCTURED:
        named = {name.removeprefix("ce_"): text for name, text in headers.items() if name.startswith("ce_")}
        return Attributes.model_validate({**named, "traceparent": headers.get("traceparent")}), body
    if not isinstance(body, dict):
        raise UndecodableError("a structured CloudEvent is an object")
    return Attributes.model_validate(body), body.get("data")


def places(error: ValidationError) -> str:
    return ", ".join(f"{'.'.join(map(str, fault['loc'])) or 'data'} ({fault['type']})" for fault in error.errors())
