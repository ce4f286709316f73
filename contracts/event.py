"""The base class of all events, their metadata and their envelope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import Word


class Event(BaseModel):
    """An event. Consumers ignore unknown fields, so a new field with a default is compatible."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)

    type: str


class Origin(BaseModel):
    """The import that an event came from: the batch, and the row number that a spreadsheet shows."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    batch_id: UUID
    row: int = Field(ge=1, lt=10**18)


class Metadata(BaseModel):
    """Data about an event that is not part of its value.

    `actor` is the id of an employee or system, never a name. `causation_id` is the id of the event that caused this
    one. `correlation_id` is the same for all events that one request caused. `traceparent` is the W3C trace context.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    actor: Word
    correlation_id: Word
    causation_id: UUID | None = None
    traceparent: str | None = None
    origin: Origin | None = None


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E_co]):
    """An event as it was stored.

    `subject` is the id of the customer. `version` counts from 1 within the stream `stream_id`; `position` rises in
    commit order within the store of one service. `occurred_at` is when it happened; `recorded_at` is when it was
    stored, and rises with `position`.
    """

    id: UUID
    subject: UUID
    stream_id: UUID
    version: int
    position: int
    occurred_at: datetime
    recorded_at: datetime
    metadata: Metadata
    event: E_co
