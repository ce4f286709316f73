"""HTTP for tier schemes: publish a version, read versions, preview a new version."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.commands.problem import ProblemError
from chassis.http.access import OPS_OR_ADMIN, Previewer
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.rules.expressions import ExpressionError
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.customer import TierDecision, TierRule, TierSchemePublished
from contracts.types import Code
from services.customer import commands
from services.customer.api.access import READERS, Reader
from services.customer.dependencies import Needs
from services.customer.shipped.tier_schemes import NOT_IN_FORCE, SHIPPED
from services.customer.tiers import evaluation_queue
from services.customer.tiers.facts import facts_of, following
from services.customer.tiers.preview import TierPreview, preview_of
from services.customer.tiers.rules import CONDITIONS

router = APIRouter(prefix="/v1", tags=["tier schemes"], route_class=StrictRoute)

MAX_PREVIEWED = 1_000
Scheme = Annotated[Code, Path()]


class TierSchemeView(BaseModel):
    """A tier scheme. Number 0 ships with the product; its rules apply once it is published."""

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
    """List the schemes in force and the shipped ones that are not published yet, in one page."""
    known = SHIPPED | {
        scheme.name: scheme for scheme in await evaluation_queue.in_force(needs.pool, caller.context.now)
    }
    return TierSchemesView(items=[view(known[name]) for name in sorted(known)])


async def versions(needs: Needs) -> Versions[TierSchemePublished]:
    return needs.tier_schemes


async def new_version(scheme: Scheme, body: commands.TierScheme) -> TierSchemePublished:
    """Publish a complete new version. Once it is in force, every customer is evaluated. Tiers set by hand stay."""
    require_expressions(body)
    return version_of(TierSchemePublished, body, name=scheme)


VersionRoutes(
    "tier_scheme", "/tier-schemes", versions, new_version, TierSchemeView, OPS_OR_ADMIN, READERS, parameter="scheme"
).add_to(router)


@router.post("/tier-schemes/{scheme}/preview")
async def preview_tier_scheme(
    scheme: Scheme, body: commands.TierScheme, caller: Previewer, needs: Needs, paging: Paging
) -> TierPreview:
    """Preview which tiers these rules would give the next customers. Nothing changes."""
    require_expressions(body)
    candidate, zone = version_of(TierSchemePublished, body, name=scheme), needs.zone
    at = max(body.effective_from or caller.context.now, caller.context.now)
    page = await paging.page(
        {"list": "tier-preview", "scheme": scheme, **body.model_dump(mode="json")},
        lambda cursor, size: following(needs.pool, UUID(cursor[0]) if cursor else None, size + 1),
        lambda each: [str(each)],
        size=min(paging.limit or MAX_PREVIEWED, MAX_PREVIEWED),
    )
    known = await facts_of(needs.pool, page.items, candidate, at, zone.key)
    found = preview_of(known, candidate, at, zone)
    return found.model_copy(update={"next_cursor": page.next_cursor, "has_more": page.has_more})


def require_expressions(scheme: commands.TierScheme) -> None:
    """Raise the 422 problem that names each invalid condition and where the fault is."""
    faults: list[tuple[int, ExpressionError]] = []
    for index, rule in enumerate(scheme.tiers):
        try:
            CONDITIONS.check_new(rule.when or "true")
        except ExpressionError as fault:
            faults.append((index, fault))
    if faults:
        errors = [{"pointer": f"/tiers/{n}/when", "rule": "expression", "detail": fault.en} for n, fault in faults]
        raise ProblemError(
            "validation-failed",
            "; ".join(f"/tiers/{index}/when, {fault.en}" for index, fault in faults) + ".",
            "；".join(f"/tiers/{index}/when，{fault.zh}" for index, fault in faults) + "。",
            errors=errors,
        )


def view(scheme: TierSchemePublished) -> TierSchemeView:
    return TierSchemeView(is_in_force=scheme.number != NOT_IN_FORCE, **scheme.model_dump(exclude={"type"}))
