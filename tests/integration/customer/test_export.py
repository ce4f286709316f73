"""The export of personal data: every event with its data, for authorized callers, and logged."""

from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from chassis.http import export
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_erasure import PERSON, REASON, id_of, words
from tests.integration.customer.test_people import CONTACT, added, delete


async def exported(api: Api, path: str) -> list[dict[str, Any]]:
    """Return all facts of an export, read part by part."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        part = (await api.get(f"{path}/export?after={after}")).json()
        found += part["facts"]
        after = part["next_after"]
    return found


def said(facts: list[dict[str, Any]]) -> list[str]:
    return [word for fact in facts for word in fact["words"].values()]


async def test_every_event_is_exported_with_its_personal_data(api: Api) -> None:
    address = await api.registered(**PERSON, owner_id="E1007", leader_id="E1001")
    await added(api, address)
    await api.post(f"{address}/needs", {"need": "upgrade", "text": "想换一台安静的"})
    await api.post(f"{address}/handover", {"to_owner_id": "E2"})
    await api.post(f"{address}/handover/withdrawal", {"reason": "她不同意"})
    facts = await exported(api, address)
    assert sorted(said(facts)) == sorted(await words(api, address))
    assert {"钱进", "想换一台安静的", "她不同意", "吴敏"} <= set(said(facts))
    recorded = await api.pool.fetchval("SELECT count(*) FROM event WHERE subject = $1", id_of(address))
    assert len(facts) == recorded


async def test_a_long_history_is_exported_in_parts(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    address = await api.registered(**PERSON)
    for number in range(4):
        await api.post(f"{address}/needs", {"need": f"need-{number}", "text": f"第{number}件"})
    facts = await exported(api, address)
    assert [fact["version"] for fact in facts] == [1, 2, 3, 4, 5]
    assert said(facts) == ["钱进", "第0件", "第1件", "第2件", "第3件"]


async def test_the_export_of_a_key_contact_includes_a_removed_one(api: Api) -> None:
    address = await api.registered()
    wu = await added(api, address)
    await added(api, address, name="周敏")
    await delete(api, wu)
    facts = await exported(api, wu)
    assert [fact["type"].split(".")[2] for fact in facts] == ["key-contact-added", "key-contact-removed"]
    assert {"吴敏", "+8613800138000", CONTACT["email"]} < set(said(facts))
    assert "周敏" not in said(facts)


async def test_after_an_erasure_the_export_has_events_without_personal_data(api: Api) -> None:
    address = await api.registered(**PERSON)
    wu = await added(api, address)
    await api.post(f"{wu}/erasure", REASON)
    assert said(await exported(api, wu)) == []
    await api.post(f"{address}/erasure", REASON)
    facts = await exported(api, address)
    assert said(facts) == []
    assert [fact["type"].split(".")[2] for fact in facts][-2:] == ["key-contact-erased", "erased"]


async def test_the_recipient_of_an_export_is_logged_without_personal_data(api: Api) -> None:
    address = await api.registered(**PERSON)
    with capture_logs() as lines:
        await api.get(f"{address}/export", "E5", "admin")
    [line] = [line for line in lines if line["event"] == "export.given"]
    assert (line["to"], line["customer_id"], line["facts"]) == ("E5", str(id_of(address)), 1)
    assert "钱进" not in str(lines)


@pytest.mark.parametrize("who", [("E1007", "sales"), ("E1001", "leader"), ("crm", "integration"), ("E4", "finance")])
async def test_only_ops_and_admin_may_export(api: Api, who: tuple[str, str]) -> None:
    address = await api.registered(**PERSON, owner_id="E1007", leader_id="E1001")
    assert (await api.get(f"{address}/export", *who)).status_code == 403


async def test_the_export_of_an_unknown_customer_is_not_found(api: Api) -> None:
    assert (await api.get(f"/v1/customers/{uuid4()}/export")).status_code == 404
    address = await api.registered()
    assert (await api.get(f"{address}/key-contacts/{uuid4()}/export")).status_code == 404
