"""HTTP for quotes."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response

from chassis.http.access import Creator
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import AfterVersion, Limit, Paging
from chassis.http.paging import Page
from chassis.http.responses import Accepted
from services.customer import commands
from services.customer.api.access import Anyone, Reader
from services.customer.api.commerce import (
    ALREADY_RECORDED,
    begin,
    change,
    read_history,
    read_one,
    read_page,
    shown,
)
from services.customer.dependencies import Needs
from services.customer.projection.commerce import QuoteRow, project_quote
from services.customer.queries.commerce import QuoteView

router = APIRouter(prefix="/v1", tags=["quotes"], route_class=StrictRoute)

Comparison = Annotated[commands.CompareQuote, Body(default_factory=commands.CompareQuote)]


def view(row: QuoteRow) -> QuoteView:
    return QuoteView(id=row.quote_id, **asdict(row))


@router.post("/customers/{customer_id}/quotes", status_code=201, response_model=Accepted, responses=ALREADY_RECORDED)
async def open_quote(customer_id: UUID, command: commands.OpenQuote, caller: Creator, needs: Needs) -> Response:
    """Record a request for a quote or, with an amount, a quote that was issued."""
    return await begin(needs.commerce.quotes, customer_id, command, caller, needs)


@router.post("/quotes/{quote_id}/issue", response_model=Accepted)
async def issue_quote(quote_id: UUID, command: commands.IssueQuote, caller: Anyone, needs: Needs) -> Response:
    """Record the quoted amount. Call it again when the amount changes."""
    return await change(needs.commerce.quotes, quote_id, command, caller, needs)


@router.post("/quotes/{quote_id}/comparison", response_model=Accepted)
async def compare_quote(
    quote_id: UUID,
    command: Comparison,
    caller: Anyone,
    needs: Needs,
) -> Response:
    """Record that the customer compared the quote with another one."""
    return await change(needs.commerce.quotes, quote_id, command, caller, needs)


@router.get("/quotes/{quote_id}")
async def read_quote(quote_id: UUID, caller: Reader, needs: Needs, response: Response) -> QuoteView:
    """Read the quote. The result includes every acknowledged command."""
    return view(await read_one(needs.commerce.quotes, quote_id, project_quote, caller, needs, response))


@router.get("/quotes/{quote_id}/events")
async def read_quote_events(
    quote_id: UUID, caller: Reader, needs: Needs, limit: Limit = None, after: AfterVersion = 0
) -> Page[HistoryEntry]:
    """List all events of the quote in the order in which they were recorded."""
    return await read_history(needs.commerce.quotes, quote_id, caller, needs, limit, after)


@router.get("/customers/{customer_id}/quotes")
async def read_quotes(customer_id: UUID, caller: Reader, needs: Needs, paging: Paging) -> Page[QuoteView]:
    """List the customer's quotes, newest first."""
    return shown(await read_page(QuoteRow, "opened_at", "quote_id", customer_id, caller, needs, paging), view)
