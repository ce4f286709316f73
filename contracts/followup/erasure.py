"""The answer to an erasure."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event


class WordsErased(Event):
    """This service holds no word any more of what the erasure `erasure_id` named; it held as many as `entries`."""

    type: Literal["care.followup.words-erased.v1"] = "care.followup.words-erased.v1"
    erasure_id: UUID
    key_contact_id: UUID | None = None
    entries: int = Field(ge=0)


ErasureAnswer = WordsErased
