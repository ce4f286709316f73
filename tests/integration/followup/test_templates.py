"""The template of follow-ups: filled in with its examples it is imported, as it is nothing is."""

import pytest

from chassis.files.formats import XLSX_TYPE
from tests.integration.followup.conftest import World
from tests.support.templates import examples, filled, opened
from tests.support.waiting import eventually


async def counts_of(world: World, content: bytes) -> dict[str, int]:
    sent = await world.send("POST", "/v1/imports", content=content, headers={"Content-Type": XLSX_TYPE})
    assert sent.status_code == 202, sent.text
    address = sent.headers["Location"]

    async def is_over() -> bool:
        return bool((await world.get(address)).json()["status"] == "succeeded")

    await eventually(is_over)
    counts: dict[str, int] = (await world.get(address)).json()["counts"]
    return counts


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_template_with_its_examples_is_imported_and_as_it_is_nothing_is(world: World, language: str) -> None:
    content = (await world.send("GET", "/v1/imports/template", headers={"Accept-Language": language})).content
    _, guide = opened(content)
    for name, number, *_ in examples(guide):
        await world.hears_of_customer(world.pseudonyms.customer("file", number), name)

    assert await counts_of(world, content) == {}
    assert await counts_of(world, filled(content)) == {"created": 2}
    assert await counts_of(world, filled(content)) == {"unchanged": 2}
