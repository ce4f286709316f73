"""HTTP to ask why a rule has raised an alert for a customer, or why not."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.access import Caller
from chassis.http.as_of import AsOf
from chassis.http.body import StrictRoute
from chassis.http.responses import GONE
from contracts.types import Code
from services.alerts.api.access import Reader
from services.alerts.api.customers import require
from services.alerts.api.missing_rules import missing_rule
from services.alerts.api.rule_views import SentenceView, text
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.detection.feature_rings import completed_states
from services.alerts.detection.reading import read_state
from services.alerts.engine.explanation import Explanation, Reason, Watched, explain

# Of one rule, such as the open tasks of a customer.
MAX_WATCHED: Final = 50

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


class ReasonView(BaseModel):
    """A condition in words. Programs use `code`."""

    code: str
    text: SentenceView


class WatchedView(BaseModel):
    """What a rule watches: since when, and when it is due. If an alert is open about it, `alert_id` is its id.

    When very many alerts of a customer are raised at once, an alert can be read some seconds later than its id here.
    `causes` are the ids of the events from which it is counted.
    """

    since: datetime
    due_at: datetime | None
    concerns_id: UUID | None
    owner_id: str | None
    alert_id: UUID | None
    causes: list[UUID]
    reason: ReasonView


class RuleExplanation(BaseModel):
    """What a rule does with a customer now.

    `reason` says why it watches nothing. Of `watched_count` items, `watched` has those with open alerts and those that
    are due first.
    """

    rule_id: str
    rule_version: int
    shape: str
    title: SentenceView
    is_watched: bool
    is_open: bool
    reason: ReasonView | None
    watched_count: int
    watched: list[WatchedView]


class RuleExplanations(BaseModel):
    customer_id: UUID
    rules: list[RuleExplanation]


@router.get("/customers/{customer_id}/rules")
async def explain_rules(customer_id: UUID, caller: Reader, needs: Needs) -> RuleExplanations:
    """Read for each rule whether it watches the customer, which condition is not met, and when an alert is due."""
    found = [view_of(each) async for each in explanations(customer_id, caller, needs)]
    return RuleExplanations(customer_id=customer_id, rules=found)


@router.get("/customers/{customer_id}/rules/{rule_id}", responses=GONE)
async def explain_rule(customer_id: UUID, rule_id: Code, caller: Reader, needs: Needs) -> RuleExplanation:
    """Read whether one rule watches the customer, which condition is not met, and when an alert is due."""
    async for each in explanations(customer_id, caller, needs):
        if each.rule.id == rule_id:
            return view_of(each)
    raise await missing_rule(rule_id, needs.rules)


async def explanations(customer_id: UUID, caller: Caller, needs: Dependencies) -> AsyncIterator[Explanation]:
    await require(customer_id, caller, needs, AsOf())
    state, completeness = await read_state(needs.pool, customer_id)
    book = (await needs.rules.in_force.current(needs.rules.pool)).book
    state = (await completed_states(needs.pool, {customer_id: state}, book))[customer_id]
    for each in explain(state, book, completeness, caller.context.now):
        yield each


def view_of(explanation: Explanation) -> RuleExplanation:
    rule, watched = explanation.rule, explanation.watched
    return RuleExplanation(
        rule_id=rule.id,
        rule_version=rule.version,
        shape=rule.condition.shape,
        title=text(rule.title),
        is_watched=bool(watched),
        is_open=any(each.alert_id for each in watched),
        reason=reason_view(explanation.reason) if explanation.reason else None,
        watched_count=len(watched),
        watched=[watched_view(each) for each in watched[:MAX_WATCHED]],
    )


def watched_view(watched: Watched) -> WatchedView:
    return WatchedView(
        since=watched.since,
        due_at=watched.due_at,
        concerns_id=watched.concerns_id,
        owner_id=watched.owner_id,
        alert_id=watched.alert_id,
        causes=list(watched.causes),
        reason=reason_view(watched.reason),
    )


def reason_view(reason: Reason) -> ReasonView:
    return ReasonView(code=reason.code, text=text(reason.text))
