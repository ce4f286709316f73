"""Tags of customers, and the versions of the tag vocabulary (ADR 0008)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.types import Code, Word
from contracts.version import Published

MAX_TAGS = 500


class Tag(BaseModel):
    """A tag with its display names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: Code
    en: Word
    zh: Word


class TagVocabularyPublished(Published):
    """A new version of the tag vocabulary was published. The subject is the vocabulary, not a customer."""

    type: Literal["care.customer.tag-vocabulary-published.v1"] = "care.customer.tag-vocabulary-published.v1"
    tags: Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS)]


class TagAdded(Event):
    """A tag was added to the customer. `vocabulary_number` is the version of the vocabulary that contains it."""

    type: Literal["care.customer.tag-added.v1"] = "care.customer.tag-added.v1"
    tag: Code
    vocabulary_number: int


class TagRemoved(Event):
    """A tag was removed from the customer."""

    type: Literal["care.customer.tag-removed.v1"] = "care.customer.tag-removed.v1"
    tag: Code


TagEvent = TagAdded | TagRemoved
VocabularyEvent = TagVocabularyPublished
