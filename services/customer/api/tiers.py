"""HTTP for a customer's tier: which it is and why, set by hand, released, and proposals answered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from chassis.http.body import StrictRoute
from chassis.http.responses import Accepted, etag
from contracts.customer import TierBasis
from contracts.types import Code
from services.customer import commands
from services.customer.api.access import Anyone, Reader, require_standing
from services.customer.api.customers import handle
from services.customer.dependencies import Needs
from services.customer.domain.standing import Standing
from services.customer.shipped.tier_schemes import DEFAULT
from services.customer.tiers.schemes import offered

router = APIRouter(prefix="/v1", tags=["tiers"], route_class=StrictRoute)

Release = Annotated[commands.ReleaseTier, Body(default_factory=commands.ReleaseTier)]
Confirmation = Annotated[commands.ConfirmTier, Body(default_factory=commands.ConfirmTier)]
Refusal = Annotated[commands.RefuseTier, Body(default_factory=commands.RefuseTier)]


class ProposalView(BaseModel):
    """A tier that waits to be confirmed, and why."""

    tier: str
    basis: TierBasis


class TierView(BaseModel):
    """The tier in one scheme. `is_held`: set by hand, and kept from the rules. Without a `basis` no rule led to it."""

    customer_id: UUID
    version: int
    scheme: str
    tier: str | None
    is_held: bool
    basis: TierBasis | None
    proposal: ProposalView | None


@router.get("/customers/{customer_id}/tier")
async def read_tier(
    customer_id: UUID, caller: Reader, needs: Needs, response: Response, scheme: Code = DEFAULT
) -> TierView:
    """Read the tier as it stands after every acknowledged command, with what it rests on."""
    loaded = await needs.customers.load(customer_id)
    require_standing(loaded.state)
    caller.require(loaded.state.holders)
    response.headers["ETag"] = etag(loaded.version)
    standing = loaded.state.standings.get(scheme, Standing())
    proposal = standing.proposal
    return TierView(
        customer_id=customer_id,
        version=loaded.version,
        scheme=scheme,
        tier=standing.tier,
        is_held=standing.is_held,
        basis=standing.basis,
        proposal=ProposalView(tier=proposal.tier, basis=proposal.basis) if proposal else None,
    )


@router.post("/customers/{customer_id}/tier", response_model=Accepted)
async def set_tier(customer_id: UUID, command: commands.SetTier, caller: Anyone, needs: Needs) -> Response:
    """Put the customer into a tier of a scheme by hand. It stays there until it is released."""
    tiers = await offered(needs.tier_schemes, command.scheme, caller.context.now)
    return await handle(customer_id, commands.PutIntoTier(**dict(command), offered=tiers), caller, needs)


@router.post("/customers/{customer_id}/tier/release", response_model=Accepted)
async def release_tier(customer_id: UUID, command: Release, caller: Anyone, needs: Needs) -> Response:
    """Leave the tier to the rules of the scheme again."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/tier/confirmation", response_model=Accepted)
async def confirm_tier(customer_id: UUID, command: Confirmation, caller: Anyone, needs: Needs) -> Response:
    """Take the proposed tier."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/tier/refusal", response_model=Accepted)
async def refuse_tier(customer_id: UUID, command: Refusal, caller: Anyone, needs: Needs) -> Response:
    """Leave the customer where it is. The same is not proposed again by the same version of the scheme."""
    return await handle(customer_id, command, caller, needs)
