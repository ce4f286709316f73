"""The answer of the followup service to an erasure."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event


class WordsErased(Event):
    """The followup service deleted the personal data that the erasure `erasure_id` concerns.

    `entries` is the number of vault entries that it deleted.
    """

    type: Literal["care.followup.words-erased.v1"] = "care.followup.words-erased.v1"
    erasure_id: UUID
    key_contact_id: UUID | None = None
    entries: int = Field(ge=0)


ErasureAnswer = WordsErased
