"""Asking to tag a customer, and publishing what there is to tag with."""

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
    """`offered` is what the vocabulary's version `vocabulary_number` holds."""

    offered: tuple[Tag, ...]
    vocabulary_number: int


class RemoveTag(FactCommand):
    tag: Code


class TagGiven(Tag):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TagVocabulary(Publication):
    """All the tags there are from now on."""

    tags: Annotated[tuple[TagGiven, ...], Field(max_length=MAX_TAGS)]

    @model_validator(mode="after")
    def each_code_once(self) -> Self:
        if len({tag.code for tag in self.tags}) != len(self.tags):
            raise FieldError("each tag has a code of its own", "标签代码不能重复", "tags")
        return self
