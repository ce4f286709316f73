"""Commands to add and remove tags, and to publish the tag vocabulary."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.commands.command import FactCommand
from chassis.versions.decider import Publication
from contracts.customer.tags import MAX_TAGS, Tag
from contracts.field_error import FieldError
from contracts.types import Code


class AddTag(FactCommand):
    tag: Code


class TagCustomer(AddTag):
    """`offered` are the tags of version `vocabulary_number` of the vocabulary."""

    offered: tuple[Tag, ...]
    vocabulary_number: int


class RemoveTag(FactCommand):
    tag: Code


class TagInput(Tag):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TagVocabulary(Publication):
    """The complete tag vocabulary."""

    tags: Annotated[tuple[TagInput, ...], Field(max_length=MAX_TAGS)]

    @model_validator(mode="after")
    def each_code_once(self) -> Self:
        if len({tag.code for tag in self.tags}) != len(self.tags):
            raise FieldError("each tag must have its own code", "标签代码不能重复", "tags")
        return self
