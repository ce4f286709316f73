"""A preview of a history says what its import does, and stores nothing."""

from typing import Any

from chassis.files.formats import CSV_TYPE
from tests.integration.followup.conftest import World
from tests.integration.followup.test_imports import HEADER, imported, imported_rows
from tests.support.digests import digests

OPEN = "上海腾云,2024-06-01,报价,李强,跟进中,"
LINES = [
    OPEN,
    OPEN.replace("跟进中", "已完成"),
    "上海腾云,2024-06-02,回访,李强,已完成,",
    "上海腾云,2024-06-02,回访,李强,已完成,",
    "上海腾云,2024-06-03,回访,李强,没有,",
    "无此公司,2024-06-03,回访,李强,已完成,",
]
CONTENT = (HEADER + "\n".join(LINES)).encode()


async def previewed(world: World, content: bytes) -> dict[str, Any]:
    headers = {"Content-Type": CSV_TYPE}
    response = await world.send("POST", "/v1/imports?preview=true", content=content, headers=headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_preview_of_follow_ups_says_what_the_import_does_and_changes_no_table(world: World) -> None:
    await world.hears_of_customer(world.pseudonyms.customer("file", "上海腾云"), "上海腾云")
    await imported_rows(world, OPEN)
    await world.lists_are_level()
    before = await digests(world.pool)
    told = await previewed(world, CONTENT)
    assert await digests(world.pool) == before
    rows = await imported(world, CONTENT)
    assert told["items"] == rows
    assert {row["outcome"] for row in rows} == {"created", "changed", "unchanged", "failed"}
