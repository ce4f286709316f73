"""HTTP for what a rule finds: in shadow, and the customers on which an expression of it fails."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from contracts.types import Code
from services.alerts.api.access import Reader
from services.alerts.dependencies import Needs
from services.alerts.queries.rules import RuleFailure, ShadowCounts, ShadowEpisode

router = APIRouter(prefix="/v1", tags=["alert rules"], route_class=StrictRoute)

Name = Annotated[Code, Path(alias="rule")]


class ShadowView(BaseModel):
    """The counts of the drafts of a rule that were in shadow, the latest first."""

    items: list[ShadowCounts]


@router.get("/rules/{rule}/shadow")
async def read_rule_shadow(rule: Name, _caller: Reader, needs: Needs) -> ShadowView:
    """Count what the drafts of the rule have found in shadow."""
    return ShadowView(items=await needs.rules.queries.shadow_counts(rule))


@router.get("/rules/{rule}/shadow-episodes")
async def read_shadow_episodes(rule: Name, _caller: OpsOrAdmin, needs: Needs, paging: Paging) -> Page[ShadowEpisode]:
    """List the episodes that the rule has found in shadow, also ended ones for 90 days."""
    return await paging.page(
        {"list": "shadow-episodes", "rule": rule},
        lambda cursor, size: needs.rules.queries.shadow_page(rule, cursor, size),
        lambda episode: [str(episode.id), str(episode.number)],
    )


@router.get("/rules/{rule}/failures")
async def read_rule_failures(rule: Name, caller: OpsOrAdmin, needs: Needs, paging: Paging) -> Page[RuleFailure]:
    """List the customers on which an expression of the rule fails."""
    return await paging.page(
        {"list": "rule-failures", "rule": rule},
        lambda cursor, size: needs.rules.queries.failures_page(rule, caller.context.now, cursor, size),
        lambda failure: [str(failure.customer_id)],
    )
