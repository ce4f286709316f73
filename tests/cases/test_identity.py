"""Cases 4 to 6, 34 and 35: to which customer a row, a request or a message belongs."""

from typing import Any

import pytest

from chassis.postgres.database import transaction
from contracts.customer import Renamed
from contracts.event import Event
from contracts.examples import example_envelope
from services.followup.projection import customers
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.integration.customer.test_inbound import Erp, parked, types
from tests.integration.followup.conftest import World
from tests.integration.followup.test_imports import HEADER, imported_rows
from tests.integration.followup.test_imports import imported as followups_imported
from tests.support.waiting import background

SPELLINGS = ["腾云(集团)", "騰雲（集團）", "腾云 （集团）", "腾云　(集团)"]
ORDERS = "订单编号,客户编号,客户名称,金额,下单日期,来源系统\n"
CONTRACTS = "合同编号,客户编号,客户名称,金额,签订日期,开始日期,来源系统\n"


async def imported(api: Api, text: str, kind: str = "customers") -> list[dict[str, Any]]:
    """Import a file and return what became of each row."""
    batch = await finished(api, await send(api, text.encode(), query=f"?kind={kind}"))
    return await rows_of(api, batch)


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(row["outcome"], row["problem"] and row["problem"]["code"]) for row in rows]


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows}


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_04_another_spelling_finds_a_customer_however_it_was_registered(api: Api, spelling: str) -> None:
    known = id_of(await api.registered(name="腾云（集团）"))
    rows = [
        *await imported(api, f"{ORDERS}SO-1,,{spelling},1,2024-06-01,\n", "orders"),
        *await imported(api, f"{CONTRACTS}HT-1,,{spelling},1,2024-06-01,2024-06-01,\n", "contracts"),
        *await imported(api, f"客户名称,地区\n{spelling},华东\n"),
    ]
    assert ids(rows) == {known}
    assert [outcome for outcome, _ in outcomes(rows)] == ["created", "created", "changed"]


async def test_04_a_customer_is_found_by_its_present_name_after_a_renaming(api: Api) -> None:
    [row] = await imported(api, "客户名称\n旧名公司\n")
    assert (await api.post(f"/v1/customers/{row['id']}/name", {"name": "Acme Trading"})).status_code == 200
    assert ids(await imported(api, f"{ORDERS}SO-1,,ＡＣＭＥ  trading,1,2024-06-01,\n", "orders")) == {row["id"]}
    assert ids(await imported(api, f"{ORDERS}SO-2,,旧名公司,1,2024-06-01,\n", "orders")) == {row["id"]}


async def test_04_the_spellings_of_one_file_are_one_customer(api: Api) -> None:
    rows = await imported(api, "客户名称\n" + "".join(f"{spelling}\n" for spelling in SPELLINGS))
    assert len(ids(rows)) == 1
    assert [outcome for outcome, _ in outcomes(rows)] == ["created", "unchanged", "unchanged", "unchanged"]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_04_a_follow_up_finds_a_customer_in_another_spelling(world: World, spelling: str) -> None:
    known = await world.hears_of_customer(name="腾云（集团）")
    [row] = await imported_rows(world, f"{spelling},2024-06-03,续签,王敏,已完成,")
    assert (row["outcome"], row["id"]) == ("created", str(known))


async def test_05_the_same_file_without_its_numbers_means_the_known_customers(api: Api) -> None:
    numbered = await imported(api, "客户编号,客户名称\nKH-1,上海腾云\nKH-2,北京新创\n")
    again = await imported(api, "客户名称,地区\n上海騰雲,华东\n北京新创,华北\n")
    assert outcomes(again) == [("changed", None)] * 2
    assert ids(again) == ids(numbered)


async def test_05_the_same_file_with_numbers_later_gives_them_to_the_known_customers(api: Api) -> None:
    named = await imported(api, "客户名称\n上海腾云\n")
    again = await imported(api, "客户编号,客户名称\nKH-1,上海腾云\n")
    third = await imported(api, "客户编号,客户名称\nKH-1,上海腾云\n")
    assert ids(named) == ids(again) == ids(third)
    assert outcomes(again + third) == [("changed", None), ("unchanged", None)]


async def test_05_another_number_of_the_same_name_is_another_customer(api: Api) -> None:
    rows = await imported(api, "客户编号,客户名称\nKH-1,上海腾云\nKH-2,上海腾云\n")
    assert [outcome for outcome, _ in outcomes(rows)] == ["created", "created"]
    assert len(ids(rows)) == 2


@pytest.mark.parametrize("header", ["客户名称", "客户编号,客户名称"])
async def test_05_after_a_renaming_the_same_file_means_the_known_customer(api: Api, header: str) -> None:
    line = "上海腾云" if header == "客户名称" else "KH-1,上海腾云"
    [row] = await imported(api, f"{header}\n{line}\n")
    await api.post(f"/v1/customers/{row['id']}/name", {"name": "腾云集团"})
    [again] = await imported(api, f"{header}\n{line}\n")
    assert (again["outcome"], again["id"]) == ("unchanged", row["id"])
    detail = (await api.get(f"/v1/customers/{row['id']}")).json()
    assert detail["name"] == "腾云集团"


async def test_05_a_name_that_two_customers_have_is_ambiguous_and_both_are_named(api: Api) -> None:
    numbered = await imported(api, "客户编号,客户名称\nKH-1,上海腾云\nKH-2,上海腾云\n")
    before = await api.pool.fetchval("SELECT count(*) FROM event")
    [row] = await imported(api, "客户名称\n上海腾云\n")
    assert (row["problem"]["column"], row["problem"]["code"]) == ("客户名称", "customer-ambiguous")
    assert all(each in row["problem"]["detail"] for each in ids(numbered))
    assert await api.pool.fetchval("SELECT count(*) FROM event") == before


async def test_05_a_row_without_number_sees_the_rows_above_it(api: Api) -> None:
    rows = await imported(api, "客户编号,客户名称\nKH-1,上海腾云\n,上海騰雲\nKH-2,上海腾云\n,上海腾云\n")
    assert [row["outcome"] for row in rows] == ["created", "unchanged", "created", "failed"]
    assert rows[3]["problem"]["code"] == "customer-ambiguous"


async def test_05_the_name_of_a_merged_duplicate_means_the_customer_that_it_was_merged_into(api: Api) -> None:
    one, other = await api.registered(name="上海腾云"), await api.registered(name="腾云上海")
    assert (await api.post(f"{one}/duplicates", {"duplicate_id": id_of(other)})).status_code == 200
    [customer] = await imported(api, "客户名称,地区\n腾云上海,华东\n")
    [order] = await imported(api, f"{ORDERS}SO-1,,腾云上海,1,2024-06-01,\n", "orders")
    assert (customer["outcome"], customer["id"], order["id"]) == ("changed", id_of(one), id_of(one))


async def test_06_orders_and_contracts_by_a_name_that_two_customers_have_are_ambiguous(api: Api) -> None:
    [named] = await imported(api, "客户名称\n上海腾云\n")
    await api.registered(name="上海腾云", external={"system": "erp", "id": "K-1"})
    for row in (
        *await imported(api, f"{ORDERS}SO-1,,上海腾云,1,2024-06-01,\n", "orders"),
        *await imported(api, f"{CONTRACTS}HT-1,,上海騰雲,1,2024-06-01,2024-06-01,\n", "contracts"),
    ):
        assert (row["outcome"], row["problem"]["code"]) == ("failed", "customer-ambiguous")
        assert named["id"] in row["problem"]["detail"]


async def test_06_follow_ups_by_a_name_that_two_customers_have_are_ambiguous(world: World) -> None:
    await world.hears_of_customer(world.pseudonyms.customer("file", "同名公司"), "同名公司")
    await world.hears_of_customer(world.pseudonyms.customer("file", "C01"), "同名公司")
    [row] = await imported_rows(world, "同名公司,2024-06-03,续签,王敏,已完成,")
    assert (row["status"], row["problem"]["code"]) == (422, "customer-ambiguous")


async def test_34_a_file_that_names_its_system_means_what_the_topic_of_that_system_told(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "上海腾云"})
        order = {"order": {"system": "erp", "id": "SO-1"}, "amount_minor": 100, "currency": "CNY"}
        await erp.tell("order-placed", order | {"occurred_at": "2024-06-01T09:00:00+08:00"})
        assert await types(api, 2) == ["registered", "order-placed"]
    customers = await imported(api, "客户编号,客户名称,来源系统\nK-1,上海腾云,ERP\n")
    orders = await imported(api, f"{ORDERS}SO-1,K-1,,1,2024-06-01,erp\n", "orders")
    assert outcomes(customers + orders) == [("unchanged", None)] * 2
    assert await api.pool.fetchval("SELECT count(*) FROM event") == 2


async def test_34_without_a_system_the_numbers_are_those_of_files(api: Api) -> None:
    [named] = await imported(api, "客户编号,客户名称,来源系统\nK-1,上海腾云,file\n")
    [default] = await imported(api, "客户编号,客户名称\nK-1,上海腾云\n")
    assert (default["outcome"], default["id"]) == ("unchanged", named["id"])


async def test_34_a_system_that_is_no_code_is_refused_with_its_column(api: Api) -> None:
    [row] = await imported(api, "客户编号,客户名称,来源系统\nK-1,上海腾云,用友\n")
    assert (row["outcome"], row["problem"]["column"]) == ("failed", "来源系统")


async def test_34_follow_ups_find_the_customer_of_a_number_of_another_system(world: World) -> None:
    known = await world.hears_of_customer(world.pseudonyms.customer("erp", "K-1"), "上海腾云")
    rows = await imported_file(world, "上海腾云,2024-06-03,续签,王敏,已完成,K-1,ERP")
    assert ids(rows) == {str(known)}


async def imported_file(world: World, line: str) -> list[dict[str, Any]]:
    return await followups_imported(world, f"{HEADER.strip()},来源系统\n{line}\n".encode())


async def test_35_a_number_of_a_company_of_another_name_is_refused_and_changes_nothing(api: Api) -> None:
    await imported(api, "客户编号,客户名称\nKH-1,上海腾云\n")
    before = await api.pool.fetchval("SELECT count(*) FROM event")
    rows = [
        *await imported(api, "客户编号,客户名称,地区\nKH-1,北京新创,华东\n"),
        *await imported(api, f"{ORDERS}SO-1,KH-1,北京新创,1,2024-06-01,\n", "orders"),
        *await imported(api, f"{CONTRACTS}HT-1,KH-1,北京新创,1,2024-06-01,2024-06-01,\n", "contracts"),
    ]
    assert outcomes(rows) == [("failed", "name-differs")] * 3
    assert await api.pool.fetchval("SELECT count(*) FROM event") == before


@pytest.mark.parametrize("name", ["上海騰雲", "上海腾云有限公司", "上海腾云（集团）"])
async def test_35_a_spelling_or_the_legal_form_is_no_other_name(api: Api, name: str) -> None:
    await imported(api, "客户编号,客户名称\nKH-1,上海腾云\n")
    [row] = await imported(api, f"客户编号,客户名称,地区\nKH-1,{name},华东\n")
    assert row["outcome"] == "changed"
    assert (await api.get(f"/v1/customers/{row['id']}")).json()["name"] == "上海腾云"


async def test_35_a_row_that_asks_for_it_renames_the_company_once(api: Api) -> None:
    await imported(api, "客户编号,客户名称\nKH-1,上海腾云\n")
    file = "客户编号,客户名称,更名\nKH-1,腾云集团,是\n"
    first, second = [*await imported(api, file), *await imported(api, file)]
    assert (first["outcome"], second["outcome"]) == ("changed", "unchanged")
    assert (await api.get(f"/v1/customers/{first['id']}")).json()["name"] == "腾云集团"


async def test_35_a_request_with_a_known_number_and_another_name_is_refused_unless_it_renames(api: Api) -> None:
    external = {"system": "erp", "id": "K-1"}
    address = await api.registered(name="上海腾云", external=external)
    refused = await api.post("/v1/customers", {"name": "北京新创", "external": external})
    assert (refused.status_code, refused.json()["code"]) == (409, "name-differs")
    renamed = await api.post("/v1/customers", {"name": "北京新创", "external": external, "rename": True})
    assert (renamed.status_code, (await api.get(address)).json()["name"]) == (200, "北京新创")


async def test_35_the_number_of_a_merged_duplicate_leads_on_under_its_own_name(api: Api) -> None:
    external = {"system": "erp", "id": "K-2"}
    one, other = await api.registered(name="上海腾云"), await api.registered(name="北京新创", external=external)
    await api.post(f"{one}/duplicates", {"duplicate_id": id_of(other)})
    again = await api.post("/v1/customers", {"name": "北京新创", "external": external, "profile": {"region": "华北"}})
    assert (again.status_code, again.json()["id"]) == (200, id_of(one))
    [order] = await imported(api, f"{ORDERS}SO-1,K-2,北京新创,1,2024-06-01,erp\n", "orders")
    assert order["id"] == id_of(one)


async def test_35_a_message_with_another_name_is_parked_unless_it_renames(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "上海腾云"})
        await erp.tell("company-stated", {"name": "腾云集团", "rename": True})
        assert await types(api, 2) == ["registered", "renamed"]
        await erp.tell("company-stated", {"name": "北京新创", "industry": "it"})
        [reason] = await parked(api, erp, 1)
        assert await types(api, 2) == ["registered", "renamed"]
    assert "another name" in reason


async def test_35_a_message_does_not_rename_the_customer_that_its_own_was_merged_into(api: Api, erp: Erp) -> None:
    one = await api.registered(name="上海腾云")
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "北京新创"})
        assert await types(api, 2) == ["registered", "registered"]
        await api.listed(2)
        [other] = (await api.get("/v1/customers?external_system=erp&external_id=K-1")).json()["items"]
        await api.post(f"{one}/duplicates", {"duplicate_id": other["id"]})
        await erp.tell("company-stated", {"name": "北京新创", "industry": "it"})
        assert (await types(api, 5))[4] == "profile-changed"
    assert (await api.get(one)).json()["name"] == "上海腾云"


async def test_35_a_follow_up_with_the_number_of_another_company_is_refused(world: World) -> None:
    known = world.pseudonyms.customer("file", "C01")
    await world.hears_of_customer(known, "上海腾云")
    await told(world, Renamed(name="腾云集团"), known)
    rows = await imported_rows(
        world,
        "北京新创,2024-06-03,续签,王敏,已完成,C01",
        "上海腾云,2024-06-03,续签,王敏,已完成,C01",
        "腾云集团有限公司,2024-06-04,续签,王敏,已完成,C01",
    )
    assert [row["problem"] and row["problem"]["code"] for row in rows] == ["name-differs", None, None]


async def told(world: World, event: Event, customer_id: Any) -> None:
    async with transaction(world.pool) as held:
        await customers.apply([example_envelope(event, subject=customer_id)], held)
