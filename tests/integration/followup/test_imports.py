"""A company's follow-up history, taken in from a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.commands.command import Context
from chassis.commands.decider import GoneError
from chassis.consume.positions import Progress
from chassis.files.formats import CSV_TYPE
from services.followup.imports import customer_lookup
from services.followup.imports.customer_lookup import CustomerLookup
from services.followup.queries.customers import Customers
from tests.integration.followup.conftest import World
from tests.support.guides import examples
from tests.support.waiting import eventually

FIXTURES = Path("demo/fixtures")
HEADER = "跟进客户,跟进时间,跟进内容,负责人员,状态,客户编号\n"
COMPANIES = ("北京新创", "上海腾云", "广州蓝海")
FOREVER = Progress(0, datetime(2100, 1, 1, tzinfo=UTC))


async def imported(world: World, content: bytes) -> list[dict[str, Any]]:
    """Send a file and return what became of each row."""
    sent = await world.send("POST", "/v1/imports", content=content, headers={"Content-Type": CSV_TYPE})
    assert sent.status_code == 202, sent.text
    address = sent.headers["Location"]

    async def is_over() -> bool:
        return bool((await world.get(address)).json()["status"] == "succeeded")

    await eventually(is_over)
    rows: list[dict[str, Any]] = (await world.get(f"{address}/rows")).json()["items"]
    return rows


async def imported_rows(world: World, *lines: str) -> list[dict[str, Any]]:
    return await imported(world, (HEADER + "\n".join(lines)).encode())


def outcomes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize("fixture", ["followups.csv", "followups.en.csv"])
async def test_a_history_says_what_was_done_and_what_is_owed(world: World, fixture: str) -> None:
    for name in COMPANIES:
        await world.hears_of_customer(world.pseudonyms.customer("file", name), name)

    rows = await imported(world, (FIXTURES / fixture).read_bytes())

    assert outcomes(rows) == ["created"] * 3
    await world.lists_are_level()
    tasks = (await world.get("/v1/tasks")).json()["items"]
    contacts = (await world.get("/v1/contacts")).json()["items"]
    assert [(task["due_at"], task["state"], task["was_on_time"]) for task in tasks] == [
        ("2024-06-02T10:00:00Z", "completed", True),
        ("2024-06-03T10:00:00Z", "open", None),
        ("2024-06-05T10:00:00Z", "completed", True),
    ]
    assert tasks[0]["completed_at"] == "2024-06-02T01:00:00Z"
    assert [contact["task_id"] for contact in reversed(contacts)] == [task["id"] for task in tasks]
    assert all(contact["content"] for contact in contacts)


async def test_the_example_file_of_the_chinese_guide_goes_in(world: World) -> None:
    for number, name in (("KH-0101", "绍兴华锦"), ("KH-0102", "台州宏远")):
        await world.hears_of_customer(world.pseudonyms.customer("file", number), name)
    assert outcomes(await imported(world, examples("zh/导入.md", "csv")[-1].encode())) == ["created"] * 2


async def test_the_same_file_again_changes_nothing(world: World) -> None:
    for name in COMPANIES:
        await world.hears_of_customer(name=name)
    content = (FIXTURES / "followups.csv").read_bytes()
    await imported(world, content)
    head = await world.head()

    assert outcomes(await imported(world, content)) == ["unchanged"] * 3
    assert await world.head() == head == 8


async def test_a_later_file_that_says_done_completes_what_was_open(world: World) -> None:
    await world.hears_of_customer(name="上海腾云")
    await imported_rows(world, "上海腾云,2024-06-03,续签,王敏,跟进中,")

    assert outcomes(await imported_rows(world, "上海腾云,2024-06-03,续签,王敏,已完成,")) == ["changed"]
    assert outcomes(await imported_rows(world, "上海腾云,2024-06-03,续签,王敏,跟进中,")) == ["unchanged"]


async def test_identical_rows_are_one_follow_up(world: World) -> None:
    await world.hears_of_customer(name="上海腾云")
    line = "上海腾云,2024-06-03,续签,王敏,已完成,"

    assert sorted(outcomes(await imported_rows(world, line, line))) == ["created", "unchanged"]
    assert await world.head() == 3


async def test_a_number_finds_its_customer_whatever_the_name(world: World) -> None:
    numbered = await world.hears_of_customer(world.pseudonyms.customer("file", "C01"), "同名公司")
    await world.hears_of_customer(name="同名公司")

    (row,) = await imported_rows(world, "同名公司,2024-06-03,续签,王敏,已完成,C01")

    assert (row["outcome"], row["id"]) == ("created", str(numbered))


async def test_a_number_of_a_company_of_another_name_is_refused(world: World) -> None:
    await world.hears_of_customer(world.pseudonyms.customer("file", "C01"), "同名公司")

    (row,) = await imported_rows(world, "别的公司,2024-06-03,续签,王敏,已完成,C01")

    assert (row["problem"]["column"], row["problem"]["code"]) == ("跟进客户", "name-differs")


async def test_a_row_names_the_system_of_its_number(world: World) -> None:
    numbered = await world.hears_of_customer(world.pseudonyms.customer("erp", "C01"), "上海腾云")
    content = "跟进客户,跟进时间,负责人员,状态,客户编号,来源系统\n上海腾云,2024-06-03,王敏,已完成,C01,erp\n"

    (row,) = await imported(world, content.encode())

    assert (row["outcome"], row["id"]) == ("created", str(numbered))


async def test_a_contact_was_made_at_the_time_of_day_that_its_row_states(world: World) -> None:
    await world.hears_of_customer(name="上海腾云")
    content = "跟进客户,跟进时间,负责人员,状态\n上海腾云,2024/6/3 14:30,王敏,已完成\n"

    (row,) = await imported(world, content.encode())

    assert row["outcome"] == "created"
    body = await world.pool.fetchval(
        "SELECT convert_from(state, 'UTF8') FROM event WHERE type LIKE '%.contact-logged.v1'"
    )
    assert "2024-06-03T06:30:00" in body


async def test_a_name_that_several_have_is_refused(world: World) -> None:
    await world.hears_of_customer(name="同名公司")
    await world.hears_of_customer(name="同名公司")

    (row,) = await imported_rows(world, "同名公司,2024-06-03,续签,王敏,已完成,")

    assert (row["status"], row["problem"]["code"]) == (422, "customer-ambiguous")


async def test_another_spelling_finds_a_customer_who_came_from_a_file(world: World) -> None:
    known = await world.hears_of_customer(world.pseudonyms.customer("file", "Acme公司"), "Acme公司")

    (row,) = await imported_rows(world, "ＡＣＭＥ公司,2024-06-03,续签,王敏,已完成,")

    assert row["id"] == str(known)


async def test_a_stranger_is_refused_once_all_customers_have_come_in(world: World) -> None:
    await world.has_heard_all(FOREVER)

    (row,) = await imported_rows(world, "没有的公司,2024-06-03,续签,王敏,已完成,")

    assert (row["problem"]["column"], row["problem"]["code"]) == ("跟进客户", "customer-unknown")
    assert await world.head() == 0


async def test_a_customer_who_is_still_on_its_way_is_waited_for(world: World) -> None:
    await world.has_heard_all(Progress(0, datetime.now(UTC) - timedelta(minutes=1)))
    content = (HEADER + "上海腾云,2024-06-03,续签,王敏,已完成,").encode()
    sent = await world.send("POST", "/v1/imports", content=content, headers={"Content-Type": CSV_TYPE})

    async def is_waiting() -> bool:
        running = await world.pool.fetchval("SELECT count(*) FROM import_batch WHERE status = 'running'")
        return bool(running == 1)

    await eventually(is_waiting)
    await world.hears_of_customer(name="上海腾云")

    async def is_over() -> bool:
        counts = (await world.get(sent.headers["Location"])).json()["counts"]
        return bool(counts == {"created": 1})

    await eventually(is_over)


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("上海腾云,2024-13-01,续签,王敏,已完成,", "跟进时间", "not-a-date"),
        ("上海腾云,,续签,王敏,已完成,", "跟进时间", "missing"),
        ("上海腾云,2199-01-01,续签,王敏,已完成,", "跟进时间", "in-future"),
        ("上海腾云,2024-06-03,续签,,已完成,", "负责人员", "missing"),
        ("上海腾云,2024-06-03,续签,王敏,,", "状态", "missing"),
        ("上海腾云,2024-06-03,续签,王敏,还行,", "状态", "unknown-word"),
        (",2024-06-03,续签,王敏,已完成,", "跟进客户", "missing"),
    ],
)
async def test_a_bad_row_says_why_and_the_good_one_goes_in(world: World, line: str, column: str, code: str) -> None:
    await world.hears_of_customer(name="上海腾云")

    bad, good = await imported_rows(world, line, "上海腾云,2024-06-03,续签,王敏,已完成,")

    assert (bad["row"], bad["status"], bad["problem"]["column"], bad["problem"]["code"]) == (2, 422, column, code)
    assert good["outcome"] == "created"


async def test_no_more_looked_up_customers_are_cached_than_the_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_lookup, "CACHED_ANSWERS", 2)
    resolver = CustomerLookup(Customers(world.pool), world.pseudonyms)
    context = Context("key", "ops", "file-1", datetime(2024, 6, 3, tzinfo=UTC))
    known = [await world.hears_of_customer(name=name) for name in COMPANIES]

    found = [await resolver.resolve("file", "", name, context) for name in COMPANIES * 2]

    assert found == known * 2
    assert len(resolver._answers) == 2


async def test_a_customer_that_is_erased_or_merged_between_two_rows_is_not_taken_for_what_it_was(world: World) -> None:
    resolver = CustomerLookup(Customers(world.pool), world.pseudonyms)
    context = Context("key", "ops", "file-1", datetime(2024, 6, 3, tzinfo=UTC))
    first, second = [await world.hears_of_customer(name=name) for name in COMPANIES[:2]]
    assert await resolver.resolve("file", "", COMPANIES[0], context) == first
    await world.pool.execute("UPDATE customer_ref SET merged_into = $2 WHERE customer_id = $1", first, second)
    assert await resolver.resolve("file", "", COMPANIES[0], context) == second
    await world.pool.execute("UPDATE customer_ref SET is_erased = true WHERE customer_id = $1", second)
    with pytest.raises(GoneError):
        await resolver.resolve("file", "", COMPANIES[0], context)


async def test_a_duplicate_whose_survivor_has_not_arrived_fails_its_row_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_lookup, "LONGEST_WAIT_SECONDS", 0.2)
    duplicate = await world.hears_of_customer(name="上海腾云")
    await world.hears_of_customer(name="北京新创")
    await world.pool.execute("UPDATE customer_ref SET merged_into = $2 WHERE customer_id = $1", duplicate, uuid4())

    bad, good = await imported_rows(
        world, "上海腾云,2024-06-03,续签,王敏,已完成,", "北京新创,2024-06-03,续签,王敏,已完成,"
    )

    assert (bad["status"], bad["problem"]["code"]) == (422, "customer-unknown")
    assert good["outcome"] == "created"
