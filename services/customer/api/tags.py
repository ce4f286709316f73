"""HTTP for tags: what there is to tag with, and what customers are tagged with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.access import Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer, etag
from contracts.customer.tags import Tag
from contracts.types import Code
from services.customer import commands
from services.customer.api.access import Anyone, Reader
from services.customer.api.customers import handle
from services.customer.dependencies import Dependencies, Needs

router = APIRouter(prefix="/v1", tags=["tags"], route_class=StrictRoute)

Keeper = Annotated[Caller, Depends(Allow((Role.OPS, Role.ADMIN), ()))]


class TagVocabularyView(BaseModel):
    """The vocabulary in force."""

    number: int
    tags: tuple[Tag, ...]


def vocabulary_id(needs: Dependencies) -> UUID:
    return needs.pseudonyms.derived("tag-vocabulary")


@router.put("/tag-vocabulary", response_model=Accepted, responses=PUBLISHED)
async def publish(vocabulary: commands.TagVocabulary, caller: Keeper, needs: Needs) -> Response:
    """Publish all the tags there are from now on. What has been tagged stands."""
    handled = await needs.vocabulary.handle(
        vocabulary_id(needs), vocabulary, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, "/v1/tag-vocabulary")


@router.get("/tag-vocabulary")
async def read(_caller: Reader, needs: Needs, response: Response) -> TagVocabularyView:
    """Read what there is to tag with."""
    loaded = await needs.vocabulary.load(vocabulary_id(needs))
    if loaded.state is None:
        raise not_found()
    response.headers["ETag"] = etag(loaded.version)
    return TagVocabularyView(number=loaded.state.number, tags=loaded.state.tags)


@router.post("/customers/{customer_id}/tags", response_model=Accepted)
async def add(customer_id: UUID, command: commands.AddTag, caller: Anyone, needs: Needs) -> Response:
    """Tag the customer with a word of the vocabulary."""
    latest = (await needs.vocabulary.load(vocabulary_id(needs))).state
    offered, number = (latest.tags, latest.number) if latest else ((), 0)
    tagging = commands.TagCustomer(**dict(command), offered=offered, vocabulary_number=number)
    return await handle(customer_id, tagging, caller, needs)


@router.delete("/customers/{customer_id}/tags/{tag}", response_model=Accepted)
async def remove(customer_id: UUID, tag: Annotated[Code, Path()], caller: Anyone, needs: Needs) -> Response:
    """Take a tag off the customer; one that the vocabulary has dropped, too."""
    return await handle(customer_id, commands.RemoveTag(tag=tag), caller, needs)
