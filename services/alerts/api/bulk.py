"""HTTP to handle many alerts at once."""

import json
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from chassis.commands.command import Context
from chassis.commands.decider import RejectedError
from chassis.http.access import Caller, Creator
from chassis.http.body import StrictRoute
from chassis.http.problems import ANSWERED, answer_error
from services.alerts.api.handling import authorize_caller
from services.alerts.commands.bulk import BulkItem, HandleAlerts
from services.alerts.dependencies import Dependencies, Needs

MULTI_STATUS = 207

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


class ItemResult(BaseModel):
    """The result of one item: the status that a request of its own would have, and the version or the problem.

    `alert_id` is null if the item names no valid id.
    """

    alert_id: UUID | None
    status: int
    version: int | None = None
    problem: dict[str, Any] | None = None


class BulkResult(BaseModel):
    """One result for each item, in the order of the items."""

    results: list[ItemResult]


@router.post("/alerts/bulk", status_code=MULTI_STATUS)
async def handle_alerts(body: HandleAlerts, caller: Creator, needs: Needs, request: Request) -> BulkResult:
    """Acknowledge, assign, comment on, snooze or unsnooze up to 100 alerts: each succeeds or fails for itself.

    Sent again with the same Idempotency-Key, the items that were done return their first result.
    """
    results = [await handle_item(number, given, caller, needs, request) for number, given in enumerate(body.items)]
    return BulkResult(results=results)


async def handle_item(number: int, given: Any, caller: Caller, needs: Dependencies, request: Request) -> ItemResult:
    """Validate and do one item. `given` is what was sent at its place."""
    try:
        item = valid_item(number, given)
        command = item.command()
        authorization = partial(authorize_caller, command, caller, needs)
        handled = await needs.alerts.handle(item.alert_id, command, context_of(number, caller), authorization)
    except ANSWERED as error:
        if isinstance(error, RejectedError) and error.place:
            error.place = ("items", number, *error.place)
        answered = await answer_error(request, error)
        problem = json.loads(bytes(answered.body))
        return ItemResult(alert_id=id_of(given), status=answered.status_code, problem=problem)
    return ItemResult(alert_id=item.alert_id, status=handled.status, version=handled.version)


def valid_item(number: int, given: Any) -> BulkItem:
    """Return the item. Raises RequestValidationError, with the places of its faults in the request."""
    try:
        return BulkItem.model_validate(given)
    except ValidationError as error:
        errors = [{**each, "loc": ("body", "items", number, *each["loc"])} for each in error.errors()]
        raise RequestValidationError(errors, body={"items": [None] * number + [given]}) from None


def id_of(given: Any) -> UUID | None:
    try:
        return UUID(given["alert_id"])
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def context_of(number: int, caller: Caller) -> Context:
    """Return the context of an item, with a key of its own."""
    return caller.context._replace(key=f"{caller.context.key}|{number}")
