"""HTTP for alert rules: list them, read their versions, and follow how all customers are judged again."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.body import StrictRoute
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.alerts import Backlog, RulePhase, RulePublished, RuleVersion
from services.alerts.api.access import READERS, Reader
from services.alerts.api.rule_views import RulesView, SentenceView, rules_view, sentence_of
from services.alerts.dependencies import Needs
from services.alerts.queries.rules import SweepView

router = APIRouter(prefix="/v1", tags=["alert rules"], route_class=StrictRoute)


class RuleView(BaseModel):
    """One version of a rule. A retired rule has no definition."""

    name: str
    number: int
    phase: RulePhase
    is_in_force: bool
    sentence: SentenceView | None
    definition: dict[str, Any] | None
    backlog: Backlog | None
    reason: str


@router.get("/rules")
async def read_rules(caller: Reader, needs: Needs) -> RulesView:
    """List all rules in one page: what each does, whether it is in force, and how many alerts it has."""
    book = (await needs.rules.in_force.current(needs.rules.pool)).book
    counts = await needs.rules.queries.counts(caller.context.now)
    return rules_view(book, await needs.rules.queries.rows(), *counts)


@router.get("/rules/sweep")
async def read_rule_sweep(_caller: Reader, needs: Needs) -> SweepView:
    """Read how far the evaluation of all customers is, after the rules in force changed last."""
    return await needs.rules.queries.sweep()


async def versions(needs: Needs) -> Versions[RuleVersion]:
    return needs.rules.versions


def view_fields(version: RuleVersion) -> dict[str, Any]:
    if isinstance(version, RulePublished):
        return {**dict(version), "phase": RulePhase.PUBLISHED, "sentence": sentence_of(version)}
    absent = {"sentence": None, "definition": None, "backlog": None}
    return {**dict(version), **absent, "phase": RulePhase.RETIRED, "is_in_force": False}


VersionRoutes(
    "rule", "/rules", versions, None, RuleView, READERS, READERS, parameter="rule", view_fields=view_fields
).add_to(router)
