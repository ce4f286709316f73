"""Templates of the customer service: filled in with their examples they are imported, as they are nothing is."""

import pytest

from chassis.files.formats import XLSX_TYPE
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.support.templates import filled, opened

KINDS = ("customers", "orders", "contracts")


async def template_of(api: Api, kind: str, language: str) -> bytes:
    response = await api.get(f"/v1/imports/template?kind={kind}", accept_language=language)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == XLSX_TYPE
    assert response.headers["content-disposition"] == f'attachment; filename="{kind}-template.xlsx"'
    return response.content


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_each_template_with_its_examples_is_imported_and_again_changes_nothing(api: Api, language: str) -> None:
    for kind in KINDS:
        content = filled(await template_of(api, kind, language))
        for outcome in ("created", "unchanged"):
            batch = await finished(api, await send(api, content, XLSX_TYPE, query=f"?kind={kind}"))
            assert batch["counts"] == {outcome: 2}, await rows_of(api, batch)
    numbers = await api.pool.fetch("SELECT external_id FROM customer ORDER BY external_id")
    assert [row["external_id"] for row in numbers] == ["00102", "KH-0101"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_template_that_is_sent_as_it_is_creates_nothing_and_says_so(api: Api, kind: str) -> None:
    batch = await finished(
        api, await send(api, await template_of(api, kind, "zh-CN"), XLSX_TYPE, query=f"?kind={kind}")
    )
    assert (batch["rows"], batch["counts"]) == (0, {})
    assert [note["detail"] for note in batch["notes"] if note["code"] == "no-rows"] == [
        "There are no rows below the header. Nothing was imported."
    ]
    assert await api.pool.fetchval("SELECT count(*) FROM event") == 0


async def test_without_a_language_a_template_is_english_and_of_the_first_kind(api: Api) -> None:
    data, _ = opened((await api.get("/v1/imports/template")).content)
    assert [cell.value for cell in data[1]][:2] == ["customer_number", "*customer_name"]


async def test_a_template_of_an_unknown_kind_is_refused(api: Api) -> None:
    refused = await api.get("/v1/imports/template?kind=followups")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:kind")


@pytest.mark.parametrize(("role", "status"), [("leader", 200), ("integration", 200), ("sales", 403), ("finance", 403)])
async def test_a_template_is_for_those_who_may_send_files(api: Api, role: str, status: int) -> None:
    assert (await api.get("/v1/imports/template", role=role)).status_code == status
