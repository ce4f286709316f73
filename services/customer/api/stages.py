"""HTTP for the stages of a customer's life and the ways between them."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.body import StrictRoute
from contracts.customer import Mode, Stage, mode_of
from services.customer.api.access import Reader, require_standing
from services.customer.dependencies import Needs
from services.customer.domain.stages import STAGES_ZH, TRANSITIONS
from services.customer.queries.stages import Stays, stays_of

router = APIRouter(prefix="/v1", tags=["stages"], route_class=StrictRoute)


class LabelledView(BaseModel):
    code: str
    en: str
    zh: str


class TransitionView(BaseModel):
    """A legal way. Where there are `reasons`, one is needed; `proposed_by` is an event type that suggests the step."""

    to: Stage
    reasons: list[LabelledView]
    actions: list[LabelledView]
    proposed_by: str | None


class StageView(BaseModel):
    """A stage with its mode, and where a customer may go from it."""

    stage: Stage
    zh: str
    mode: Mode | None
    transitions: list[TransitionView]


class Stages(BaseModel):
    items: list[StageView]


@router.get("/stages")
async def read_stages(_caller: Reader) -> Stages:
    """Read the stages, the legal ways between them, the reasons that fit, and what is usually done then."""
    return Stages(items=[stage_view(stage) for stage in Stage])


def stage_view(stage: Stage) -> StageView:
    ways = [TransitionView.model_validate(way, from_attributes=True) for way in TRANSITIONS if way.stage is stage]
    return StageView(stage=stage, zh=STAGES_ZH[stage], mode=mode_of(stage), transitions=ways)


@router.get("/customers/{customer_id}/stages")
async def read_stays(customer_id: UUID, caller: Reader, needs: Needs) -> Stays:
    """Read when the customer entered each stage, when it left it, and how often it was won back."""
    state = (await needs.customers.load(customer_id)).state
    require_standing(state)
    caller.require(state.holders)
    rows = await needs.store.read_stream(customer_id)
    return stays_of(map(needs.mapper.to_envelope, rows), caller.context.now)
