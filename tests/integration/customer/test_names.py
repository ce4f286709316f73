"""The look-up of companies by name: what it waits for, and its limits."""

import pytest

from services.customer.queries import names
from services.customer.queries.names import MAX_NAMED, CompanyNames
from tests.integration.customer.conftest import Api


def lookup_of(api: Api) -> CompanyNames:
    return CompanyNames(api.pool, api.service.app.state.dependencies.store)


async def test_a_company_is_found_right_after_its_registration(api: Api) -> None:
    address = await api.registered(name="腾云（集团）")
    await lookup_of(api).catch_up()
    [found] = await lookup_of(api).named("騰雲(集團)")
    assert (address.rpartition("/")[2], found.is_unnumbered) == (str(found.customer_id), True)
    assert found.present_id == found.customer_id


async def test_no_more_companies_of_one_name_are_returned_than_the_limit(api: Api) -> None:
    for _ in range(MAX_NAMED + 1):
        await api.registered(name="同名公司")
    await lookup_of(api).catch_up()
    assert len(await lookup_of(api).named("同名公司")) == MAX_NAMED


async def test_a_list_that_stands_still_is_not_waited_for_longer_than_the_limit(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.registered()
    monkeypatch.setattr(names, "CONSUMER", "a-list-that-nobody-fills")
    monkeypatch.setattr(names, "LONGEST_WAIT_SECONDS", 0.1)
    await lookup_of(api).catch_up()
