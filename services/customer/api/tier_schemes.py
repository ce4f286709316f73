"""HTTP for tier schemes: published whole, read by version, and what a new version would change."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.commands.problem import ProblemError
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.rules.expressions import ExpressionError
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.customer import TierDecision, TierRule, TierSchemePublished
from contracts.types import Code
from services.customer import commands
from services.customer.api.access import KEEPERS, READERS, Keeper, Reader
from services.customer.dependencies import Needs
from services.customer.domain.shipped_tiers import NOT_IN_FORCE, SHIPPED
from services.customer.tiers import memory
from services.customer.tiers.facts import facts_of, following
from services.customer.tiers.preview import TierPreview, preview_of
from services.customer.tiers.rules import CONDITIONS

router = APIRouter(prefix="/v1", tags=["tier schemes"], route_class=StrictRoute)

MAX_LOOKED_AT = 1_000
Scheme = Annotated[Code, Path()]


class TierSchemeView(BaseModel):
    """A scheme; one of number 0 ships with the product, and its rules wait to be published."""

    name: str
    number: int
    is_in_force: bool
    decision: TierDecision
    window_days: int
    currency: str
    tiers: tuple[TierRule, ...]


class TierSchemesView(BaseModel):
    items: list[TierSchemeView]


@router.get("/tier-schemes")
async def read_tier_schemes(caller: Reader, needs: Needs) -> TierSchemesView:
    """List the schemes in force and those that wait to be published; there are few, so all at once."""
    known = SHIPPED | {scheme.name: scheme for scheme in await memory.in_force(needs.pool, caller.context.now)}
    return TierSchemesView(items=[view(known[name]) for name in sorted(known)])


async def versions(needs: Needs) -> Versions[TierSchemePublished]:
    return needs.tier_schemes


async def version_from_body(scheme: Scheme, body: commands.TierScheme) -> TierSchemePublished:
    """Publish a whole new version; every customer is looked at once it is in force. Tiers held by hand stay."""
    require_expressions(body)
    return version_of(TierSchemePublished, body, name=scheme)


VersionRoutes(
    "tier_scheme", "/tier-schemes", versions, version_from_body, TierSchemeView, KEEPERS, READERS, parameter="scheme"
).add_to(router)


@router.post("/tier-schemes/{scheme}/preview")
async def preview_tier_scheme(
    scheme: Scheme, body: commands.TierScheme, caller: Keeper, needs: Needs, paging: Paging
) -> TierPreview:
    """Say where these rules would lead the next customers, and change nothing."""
    require_expressions(body)
    candidate, zone = version_of(TierSchemePublished, body, name=scheme), needs.zone
    at = max(body.effective_from or caller.context.now, caller.context.now)
    page = await paging.page(
        {"list": "tier-preview", "scheme": scheme, **body.model_dump(mode="json")},
        lambda place, size: following(needs.pool, UUID(place[0]) if place else None, size + 1),
        lambda each: [str(each)],
        size=min(paging.limit or MAX_LOOKED_AT, MAX_LOOKED_AT),
    )
    known = await facts_of(needs.pool, page.items, candidate, at, zone.key)
    found = preview_of(known, candidate, at, zone)
    return found.model_copy(update={"next_cursor": page.next_cursor, "has_more": page.has_more})


def require_expressions(scheme: commands.TierScheme) -> None:
    """Raise the 422 problem that names each condition that cannot be used, and the place of its fault."""
    faults: list[tuple[int, ExpressionError]] = []
    for place, rule in enumerate(scheme.tiers):
        try:
            CONDITIONS.check(rule.when or "true")
        except ExpressionError as fault:
            faults.append((place, fault))
    if faults:
        errors = [{"pointer": f"/tiers/{n}/when", "rule": "expression", "detail": fault.en} for n, fault in faults]
        raise ProblemError(
            "validation-failed",
            "; ".join(f"/tiers/{place}/when, {fault.en}" for place, fault in faults) + ".",
            "；".join(f"/tiers/{place}/when，{fault.zh}" for place, fault in faults) + "。",
            errors=errors,
        )


def view(scheme: TierSchemePublished) -> TierSchemeView:
    return TierSchemeView(is_in_force=scheme.number != NOT_IN_FORCE, **scheme.model_dump(exclude={"type"}))
