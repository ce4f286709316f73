"""HTTP for lifecycle stages and their transitions."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.streams import type_of
from contracts.customer import Mode, Stage, mode_of
from services.customer.api.access import Reader, require_current
from services.customer.dependencies import Needs
from services.customer.domain.stages import STAGES_ZH, TRANSITIONS
from services.customer.queries.stages import TYPES, Stays, StayView, stays_of

router = APIRouter(prefix="/v1", tags=["stages"], route_class=StrictRoute)


class LabelledView(BaseModel):
    code: str
    en: str
    zh: str


class TransitionView(BaseModel):
    """A legal transition. If there are `reasons`, one is required. `proposed_by` is an event type that suggests it."""

    to: Stage
    reasons: list[LabelledView]
    actions: list[LabelledView]
    proposed_by: str | None


class StageView(BaseModel):
    """A stage with its mode and its transitions."""

    stage: Stage
    zh: str
    mode: Mode | None
    transitions: list[TransitionView]


class Stages(BaseModel):
    items: list[StageView]


@router.get("/stages")
async def read_stages(_caller: Reader) -> Stages:
    """Read the stages, their legal transitions, and the reasons and usual actions of each transition."""
    return Stages(items=[stage_view(stage) for stage in Stage])


def stage_view(stage: Stage) -> StageView:
    found = [each for each in TRANSITIONS if each.stage is stage]
    transitions = [TransitionView.model_validate(each, from_attributes=True) for each in found]
    return StageView(stage=stage, zh=STAGES_ZH[stage], mode=mode_of(stage), transitions=transitions)


@router.get("/customers/{customer_id}/stages")
async def read_stays(customer_id: UUID, caller: Reader, needs: Needs, paging: Paging) -> Stays:
    """Read when the customer entered and left each stage, and how often it was won back."""
    state = (await needs.customers.load(customer_id)).state
    require_current(state)
    caller.require(state.holders)
    rows = needs.store.read_stream(customer_id, types=[type_of(each) for each in TYPES])
    stays = stays_of([needs.mapper.to_envelope(row) async for row in rows], caller.context.now)
    numbered = list(enumerate(stays.items, 1))

    async def fetch(after: list[str] | None, size: int) -> list[tuple[int, StayView]]:
        start = int(after[0]) if after else 0
        return numbered[start : start + size + 1]

    page = await paging.page({"list": "stays", "of": customer_id}, fetch, lambda each: [str(each[0])])
    return Stays(**dict(page) | {"items": [stay for _, stay in page.items]}, win_backs=stays.win_backs)
