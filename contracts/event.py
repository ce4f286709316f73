"""The envelope every event travels in, and the base all events share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import Word


class Event(BaseModel):
    """A fact. Readers ignore fields they do not know, so a field with a default may be added."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)

    type: str


class Origin(BaseModel):
    """Where a fact came from when it came in bulk: the batch, and the row as a person sees it in the sheet."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    batch_id: UUID
    row: int = Field(ge=1)


class Metadata(BaseModel):
    """What is known about a fact beside the fact itself.

    `actor` is an employee or system id, never a name. `causation_id` is the event that led to this one;
    `correlation_id` ties together all that one request set off. `traceparent` is W3C trace context.
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
    """One recorded event.

    `subject` is the customer the event concerns. `version` counts from 1 within `stream_id`; `position`
    rises in commit order within one service's store. `occurred_at` is when it happened, `recorded_at` when
    the store learned of it (rises with `position`).
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
