"""HTTP for the tag vocabulary and the tags of customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN
from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.customer import TagVocabularyPublished
from contracts.customer.tags import Tag
from contracts.types import Code
from services.customer import commands
from services.customer.api.access import READERS, Anyone
from services.customer.api.customers import handle
from services.customer.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["tags"], route_class=StrictRoute)


class TagVocabularyView(BaseModel):
    """The vocabulary in force."""

    number: int
    tags: tuple[Tag, ...]


async def versions(needs: Needs) -> Versions[TagVocabularyPublished]:
    return needs.vocabulary


async def new_version(vocabulary: commands.TagVocabulary) -> TagVocabularyPublished:
    """Publish the complete vocabulary. Tags that customers already have stay."""
    return version_of(TagVocabularyPublished, vocabulary)


VersionRoutes(
    "tag_vocabulary", "/tag-vocabulary", versions, new_version, TagVocabularyView, OPS_OR_ADMIN, READERS
).add_to(router)


@router.post("/customers/{customer_id}/tags", response_model=Accepted)
async def add_tag(customer_id: UUID, command: commands.AddTag, caller: Anyone, needs: Needs) -> Response:
    """Add a tag of the vocabulary to the customer."""
    present = await needs.vocabulary.find(caller.context.now)
    offered, number = (present.tags, present.number) if present else ((), 0)
    tagging = commands.TagCustomer(**dict(command), offered=offered, vocabulary_number=number)
    return await handle(customer_id, tagging, caller, needs)


@router.delete("/customers/{customer_id}/tags/{tag}", response_model=Accepted)
async def remove_tag(customer_id: UUID, tag: Annotated[Code, Path()], caller: Anyone, needs: Needs) -> Response:
    """Remove a tag from the customer, also one that is no longer in the vocabulary."""
    return await handle(customer_id, commands.RemoveTag(tag=tag), caller, needs)
