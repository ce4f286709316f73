"""What is exported can be imported unchanged: into an empty service, and into the one that it comes from."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.files.export import write_rows
from chassis.files.table import MAX_BYTES
from chassis.postgres.database import open_pool
from contracts.types import MAX_NAME, MAX_WORD
from services.customer import projection
from services.customer.imports import file_export
from services.customer.imports.customer_columns import COLUMNS as CUSTOMER_COLUMNS
from tests.integration.customer.conftest import Api, service_on
from tests.integration.customer.test_erasure import REASON
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.support.servers import Servers
from tests.support.waiting import background, eventually, lasting
from tests.unit.chassis.issuer import Issuer, client_of

LONG = "9" * MAX_WORD
NAMES = {
    "=1+1": ("file", "00123"),
    "+86 Trading": ("erp", "123456789012345678"),
    "-Minus": ("crm", "-1"),
    "@home, “Ltd”": ("file", "=A1"),
    '引号"公司"': ("file", "@x"),
    "两行\n名称": ("file", LONG),
    "騰雲（集團）": ("erp", "00123"),
    "＝全角": ("file", "1.5"),
    "Sum": ("file", "+1"),
    "无编号公司": None,
}
PROFILE = {
    "need_type": "=升级",
    "industry": "纺织, 机械",
    "region": "-华东",
    "work_status": "quoted",
    "last_contacted_at": "2024-06-01T14:30:07.123456+08:00",
}
SHOWN = (
    *("name", "stage", "tiers", "owner_id", "leader_id", "need_type", "industry", "region", "work_status"),
    *("external_system", "external_id", "kind"),
)


@pytest.fixture
async def empty(running: Servers, issuer: Issuer) -> AsyncIterator[Api]:
    """A second customer service, with an empty database."""
    async with running.passing("customer") as database:
        pool = await open_pool(database.app, size=10, application_name="tests")
        service = service_on(pool)
        tasks = [lasting(task.run) for task in service.tasks if task.role not in {"relay", "consumer"}]
        async with client_of(service.app) as client, background(*tasks):
            yield Api(service, issuer, client, pool)
        await pool.close()


async def exported(api: Api, kind: str, language: str = "zh-CN", query: str = "") -> bytes:
    response = await api.get(f"/v1/exports?kind={kind}{query}", accept_language=language)
    assert response.status_code == 200, response.text
    return response.content


async def imported(api: Api, content: bytes, kind: str) -> dict[str, int]:
    batch = await finished(api, await send(api, content, query=f"?kind={kind}"))
    assert "failed" not in batch["counts"], await rows_of(api, batch, "?outcome=failed")
    counts: dict[str, int] = batch["counts"]
    return counts


async def companies_of(api: Api) -> dict[str, str]:
    """Register companies with unusual texts. Return their addresses by name."""
    await api.client.put("/v1/employees/E1", json={"name": "=王敏"}, headers=api.issuer.headers("ops", "ops"))
    stages = ["new", "interested", "signed", "established", "lost"]
    tiers: list[Any] = [{"tier": "vip"}, {"scheme": "abc", "tier": "c"}, None]
    found = {}
    for number, (name, reference) in enumerate(NAMES.items()):
        fields: dict[str, Any] = {"name": name, "stage": stages[number % 5], "profile": PROFILE, "owner_id": "E1"}
        fields |= {"tier": tiers[number % 3]} if tiers[number % 3] else {}
        fields |= {"external": dict(zip(("system", "id"), reference, strict=True))} if reference else {}
        found[name] = await api.registered(**fields)
    left = {"name": "=王敏", "has_left": True}
    await api.client.put("/v1/employees/E1", json=left, headers=api.issuer.headers("ops", "ops"))
    await in_step(api)
    return found


async def customers_of(api: Api) -> list[dict[str, Any]]:
    """Return what a customer file states about each customer."""
    items = (await api.get("/v1/customers?limit=200")).json()["items"]
    shown = [{field: item[field] for field in SHOWN} | {"seconds": seconds(item)} for item in items]
    return sorted(shown, key=lambda item: str(item["name"]))


def seconds(item: dict[str, Any]) -> list[str]:
    """Return the times of a customer. A file states them without fractions of seconds."""
    return [item[field].partition(".")[0].rstrip("Z") for field in ("last_contacted_at", "registered_at")]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_exported_customers_make_the_same_customers_and_change_nothing_where_they_are_from(
    api: Api, empty: Api, language: str
) -> None:
    await companies_of(api)
    content = await exported(api, "customers", language)
    assert await imported(api, content, "customers") == {"unchanged": len(NAMES)}
    assert await imported(empty, content, "customers") == {"created": len(NAMES)}
    await in_step(empty)
    assert await customers_of(empty) == await customers_of(api)
    [employee] = (await empty.get("/v1/employees")).json()["items"]
    assert (employee["id"], employee["name"]) == ("E1", "=王敏")
    assert lines_of(await exported(empty, "customers", language)) == lines_of(content)


async def test_exported_orders_and_contracts_make_the_same_ones(api: Api, empty: Api) -> None:
    companies = await companies_of(api)
    first, second = companies["=1+1"], companies["騰雲（集團）"]
    await order(api, first, "file", "=SO-1", amount_minor=1_280_050, currency="CNY", category="standard")
    await order(api, first, "erp", "0001", amount_minor=900, currency="JPY", delivery="2024-06-05T10:00:00.5Z")
    await order(api, second, "erp", "+2", amount_minor=1_005, currency="KWD", cancellation="2024-06-06T10:00:00Z")
    await order(api, second, "", "", amount_minor=1, currency="CNY")
    await contract(api, first, "-HT 1", ends_on=None, kind="framework", renewal_intent="yes")
    await contract(api, first, "HT,2", ends_on="2025-05-31", document_id="=D7", end="2024-09-30T10:00:00Z")
    await contract(api, second, "HT-3", ends_on="2025-05-31", renewal="2025-06-01")
    await in_step(api)

    files = {kind: await exported(api, kind) for kind in ("customers", "orders", "contracts")}

    counts = {"customers": len(NAMES), "orders": 3, "contracts": 2}
    for kind, content in files.items():
        assert await imported(api, content, kind) == {"unchanged": counts[kind]}
        assert await imported(empty, content, kind) == {"created": counts[kind]}
    await in_step(empty)
    for kind in ("orders", "contracts"):
        assert lines_of(await exported(empty, kind)) == lines_of(files[kind])
    words = {"orders": ("价格", "price"), "contracts": ("停业", "closed-down")}
    for kind, (chinese, english) in words.items():
        assert reasons_in(files[kind], "原因") == {chinese, ""}
        assert reasons_in(await exported(api, kind, "en"), "reason") == {english, ""}


async def test_a_file_leaves_out_persons_erased_and_merged_customers(api: Api) -> None:
    kept, duplicate = await api.registered(name="上海腾云"), await api.registered(name="腾云上海")
    erased = await api.registered(name="北京新创")
    await api.registered(kind="person", name=None, person_name="李雷")
    merged = await api.post(f"{kept}/duplicates", {"duplicate_id": duplicate.rpartition("/")[2]})
    assert merged.status_code == 200, merged.text
    await order(api, kept, "file", "SO-1", amount_minor=1, currency="CNY")
    assert (await api.post(f"{erased}/erasure", REASON)).status_code == 200
    await in_step(api)
    assert [line["客户名称"] for line in table_of(await exported(api, "customers"))] == ["上海腾云"]
    assert [line["客户名称"] for line in table_of(await exported(api, "orders"))] == ["上海腾云"]


async def test_a_long_list_comes_in_several_files_each_row_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_export, "ROWS_OF_A_FILE", 4)
    monkeypatch.setattr(file_export, "ROWS_OF_A_PART", 3)
    await companies_of(api)
    address, sizes, names = "/v1/exports?kind=customers", [], []
    while address:
        response = await api.get(address)
        lines = table_of(response.content)
        sizes.append(len(lines))
        names += [line["customer_name"] for line in lines]
        address = response.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert sizes == [4, 4, 2]
    assert len(set(names)) == len(NAMES)


async def test_no_cell_of_a_file_runs_as_a_formula(api: Api) -> None:
    await companies_of(api)
    cells = [cell for line in lines_of(await exported(api, "customers")) for cell in line]
    assert any(cell.startswith("'=") for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in cells)


@pytest.mark.parametrize(("role", "status"), [("ops", 200), ("admin", 200), ("leader", 403), ("sales", 403)])
async def test_files_are_for_ops_and_admins(api: Api, role: str, status: int) -> None:
    assert (await api.get("/v1/exports", role=role)).status_code == status


async def test_an_unknown_kind_of_file_is_refused(api: Api) -> None:
    refused = await api.get("/v1/exports?kind=followups")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:kind")


def test_a_file_of_the_longest_rows_is_not_larger_than_the_importer_accepts() -> None:
    limits = [MAX_NAME if column.field in {"name", "owner"} else MAX_WORD for column in CUSTOMER_COLUMNS]
    longest = ["\U00020000" * limit for limit in limits]
    assert len(write_rows([longest])) * file_export.ROWS_OF_A_FILE < MAX_BYTES


async def order(api: Api, address: str, system: str, number: str, **fields: Any) -> None:
    delivery, cancellation = fields.pop("delivery", None), fields.pop("cancellation", None)
    external = {"external": {"system": system, "id": number}} if number else {}
    body = {"occurred_at": "2024-06-01T10:00:00.25Z", **external, **fields}
    placed = await api.post(f"{address}/orders", body)
    assert placed.status_code == 201, placed.text
    if delivery:
        done = await api.post(f"{placed.headers['location']}/delivery", {"occurred_at": delivery})
        assert done.status_code == 200, done.text
    if cancellation:
        cancel = {"occurred_at": cancellation, "reason": "price"}
        done = await api.post(f"{placed.headers['location']}/cancellation", cancel)
        assert done.status_code == 200, done.text


async def contract(api: Api, address: str, number: str, **fields: Any) -> None:
    end, renewal = fields.pop("end", None), fields.pop("renewal", None)
    body = {
        "external": {"system": "file", "id": number},
        "amount_minor": 5_000_000,
        "currency": "CNY",
        "starts_on": "2024-06-01",
        "occurred_at": "2024-05-20T01:00:00Z",
        **fields,
    }
    signed = await api.post(f"{address}/contracts", body)
    assert signed.status_code == 201, signed.text
    if end:
        done = await api.post(f"{signed.headers['location']}/ending", {"occurred_at": end, "reason": "closed-down"})
        assert done.status_code == 200, done.text
    if renewal:
        term = {"starts_on": renewal, "amount_minor": 1, "currency": "CNY"}
        done = await api.post(f"{signed.headers['location']}/renewal", term)
        assert done.status_code == 200, done.text


async def in_step(api: Api) -> None:
    """Wait until the lists have caught up with the log."""
    head = await api.pool.fetchval("SELECT max(position) FROM event")

    async def caught_up() -> bool:
        return bool(await api.pool.fetchval("SELECT position >= $1 FROM consumer_position WHERE consumer = $2", *place))

    place = (head, projection.CONSUMER)
    await eventually(caught_up)


def table_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def reasons_in(content: bytes, heading: str) -> set[str]:
    """Return the cells of the column whose name ends with the heading."""
    headings, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    [place] = [index for index, each in enumerate(headings) if each.endswith(heading)]
    return {line[place] for line in lines}


def lines_of(content: bytes) -> set[tuple[str, ...]]:
    return {tuple(line) for line in csv.reader(io.StringIO(content.decode()))}
