"""What customers are tagged with, and the vocabulary that offers it: data, in whole versions (ADR 0008)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.types import Code, Word
from contracts.version import Published

MAX_TAGS = 500


class Tag(BaseModel):
    """A tag, and what people read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: Code
    en: Word
    zh: Word


class TagVocabularyPublished(Published):
    """A whole new version of the vocabulary. Its subject is the vocabulary itself, not a customer."""

    type: Literal["care.customer.tag-vocabulary-published.v1"] = "care.customer.tag-vocabulary-published.v1"
    tags: Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS)]


class TagAdded(Event):
    """`vocabulary_number` is the version that offered the tag."""

    type: Literal["care.customer.tag-added.v1"] = "care.customer.tag-added.v1"
    tag: Code
    vocabulary_number: int


class TagRemoved(Event):
    type: Literal["care.customer.tag-removed.v1"] = "care.customer.tag-removed.v1"
    tag: Code


TagEvent = TagAdded | TagRemoved
VocabularyEvent = TagVocabularyPublished
