"""HTTP for contracts."""

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter, Response

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
from services.customer.projection.commerce import ContractRow, project_contract
from services.customer.queries.commerce import ContractView

router = APIRouter(prefix="/v1", tags=["contracts"], route_class=StrictRoute)


def view(row: ContractRow) -> ContractView:
    return ContractView(id=row.contract_id, **asdict(row))


@router.post("/customers/{customer_id}/contracts", status_code=201, response_model=Accepted, responses=ALREADY_RECORDED)
async def sign_contract(customer_id: UUID, command: commands.SignContract, caller: Creator, needs: Needs) -> Response:
    """Record a contract. Recording it again under the same external number adds no event."""
    return await begin(needs.commerce.contracts, customer_id, command, caller, needs)


@router.post("/contracts/{contract_id}/renewal-intent", response_model=Accepted)
async def state_renewal_intent(
    contract_id: UUID, command: commands.StateRenewalIntent, caller: Anyone, needs: Needs
) -> Response:
    """Record whether the customer wants to renew."""
    return await change(needs.commerce.contracts, contract_id, command, caller, needs)


@router.post("/contracts/{contract_id}/renewal", response_model=Accepted)
async def renew_contract(contract_id: UUID, command: commands.RenewContract, caller: Anyone, needs: Needs) -> Response:
    """Record that the contract was renewed for another term."""
    return await change(needs.commerce.contracts, contract_id, command, caller, needs)


@router.post("/contracts/{contract_id}/ending", response_model=Accepted)
async def end_contract(contract_id: UUID, command: commands.EndContract, caller: Anyone, needs: Needs) -> Response:
    """Record that the contract has ended."""
    return await change(needs.commerce.contracts, contract_id, command, caller, needs)


@router.get("/contracts/{contract_id}")
async def read_contract(contract_id: UUID, caller: Reader, needs: Needs, response: Response) -> ContractView:
    """Read the contract. The result includes every acknowledged command."""
    return view(await read_one(needs.commerce.contracts, contract_id, project_contract, caller, needs, response))


@router.get("/contracts/{contract_id}/events")
async def read_contract_events(
    contract_id: UUID, caller: Reader, needs: Needs, limit: Limit = None, after: AfterVersion = 0
) -> Page[HistoryEntry]:
    """List all events of the contract in the order in which they were recorded."""
    return await read_history(needs.commerce.contracts, contract_id, caller, needs, limit, after)


@router.get("/customers/{customer_id}/contracts")
async def read_contracts(customer_id: UUID, caller: Reader, needs: Needs, paging: Paging) -> Page[ContractView]:
    """List the customer's contracts, newest first."""
    return shown(await read_page(ContractRow, "signed_at", "contract_id", customer_id, caller, needs, paging), view)
