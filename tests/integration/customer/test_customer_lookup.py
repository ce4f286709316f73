"""The customers that rows of a file mean, also after a merge between two rows, and after turns of another process."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.commands.command import Context
from services.customer.dependencies import Dependencies
from services.customer.imports.customer_lookup import CustomerLookup
from services.customer.queries.names import CompanyNames
from tests.integration.customer.conftest import Api

CONTEXT = Context("key", "ops", "import-1", datetime(2026, 6, 3, tzinfo=UTC))


def lookup_of(api: Api) -> CustomerLookup:
    needs: Dependencies = api.service.app.state.dependencies
    return CustomerLookup(needs.registration, CompanyNames(needs.pool, needs.store), needs.pseudonyms)


async def named(lookup: CustomerLookup, name: str) -> UUID | None:
    found = await lookup.named(name, "客户名称", CONTEXT)
    return found.present_id if found else None


async def test_a_company_that_is_merged_between_two_rows_means_its_survivor(api: Api) -> None:
    lookup = lookup_of(api)
    duplicate, survivor = [UUID((await api.registered(name=name)).rsplit("/", 1)[1]) for name in ("甲公司", "乙公司")]
    lookup.remember("甲公司", duplicate, CONTEXT)
    assert await named(lookup, "甲公司") == duplicate
    merged = await api.post(f"/v1/customers/{survivor}/duplicates", {"duplicate_id": str(duplicate)})
    assert merged.is_success, merged.text
    assert await named(lookup, "甲公司") == survivor


async def test_after_turns_of_another_process_its_companies_are_known(api: Api) -> None:
    lookup = lookup_of(api)
    assert await named(lookup, "丙公司") is None
    registered = await api.registered(name="丙公司")
    await lookup.prepare([], "number", CONTEXT.correlation_id, was_elsewhere=True)
    assert str(await named(lookup, "丙公司")) in registered
