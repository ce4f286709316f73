"""HTTP to read the alerts of one customer."""

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from chassis.commands.decider import MovedError
from chassis.commands.holders import Holders
from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.as_of import AsOf, AsOfQuery
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from contracts.alerts import Status
from services.alerts.api.access import Reader, acting_for
from services.alerts.api.access import require as require_holder
from services.alerts.api.past_filters import check_filters
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.queries.alerts import AlertFilters, AlertView
from services.alerts.queries.customers import holders_of
from services.alerts.queries.merges import MergesAt
from services.alerts.queries.past_list import PastAlerts

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/alerts")
async def read_customer_alerts(
    customer_id: UUID,
    caller: Reader,
    needs: Needs,
    paging: Paging,
    as_of: AsOfQuery,
    status: Status | None = None,
) -> Page[AlertView]:
    """List the alerts of a customer and of its duplicates; as of a past instant, those that were open then.

    A customer that was merged at that instant is moved to the other one.
    """
    await require(customer_id, caller, needs, as_of)
    filters = AlertFilters(status=status, customer_id=customer_id)
    check_filters(filters, as_of)
    fetch = PastAlerts(needs.pool, needs.mapper, as_of).page if as_of.is_past else needs.queries.page
    return await paging.page(
        {"list": "customer-alerts", "customer_id": customer_id, "status": status, **asdict(as_of)},
        lambda cursor, size: fetch(filters, UUID(cursor[0]) if cursor else None, size),
        lambda alert: [str(alert.id)],
    )


async def require(customer_id: UUID, caller: Caller, needs: Dependencies, as_of: AsOf) -> Holders:
    """Return the present holders of a customer.

    Raise the 404 problem for an unknown customer, the 403 problem unless the caller may see it, and MovedError if it
    was merged at the instant.
    """
    holders = await holders_of(needs.pool, customer_id)
    if holders is None:
        raise not_found()
    if survivor_id := await MergesAt(needs.pool, as_of).survivor(customer_id):
        raise MovedError(survivor_id)
    require_holder(await acting_for(caller, needs.directory), holders)
    return holders
