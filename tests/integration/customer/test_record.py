"""Profile and needs through the API."""

from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

PROFILE = {
    "interests": ["高尔夫", "茶"],
    "buying_cycle": "quarterly",
    "order_size": "10万-50万",
    "customer_kind": "最终用户",
    "potential": "high",
    "influence": "行业前十",
    "cooperation_since": "2021-03-01",
    "price_list": "老客户价",
}


async def test_basics_are_read_from_the_customer_and_from_the_list(api: Api) -> None:
    address = await api.registered(profile=PROFILE)
    await api.listed(1)
    assert PROFILE.items() <= (await api.get(address)).json().items()
    assert PROFILE.items() <= (await api.get("/v1/customers")).json()["items"][0].items()


async def test_a_field_is_cleared(api: Api) -> None:
    address = await api.registered(profile=PROFILE)
    cleared = await api.post(f"{address}/profile", {"clear": ["interests", "cooperation_since"]})
    assert cleared.status_code == 200
    read = (await api.get(address)).json()
    assert (read["interests"], read["cooperation_since"], read["potential"]) == (None, None, "high")
    unknown = await api.post(f"{address}/profile", {"clear": ["name"]})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/clear/0")


async def test_needs_are_read_with_their_history(api: Api) -> None:
    address = await api.registered(owner_id="E1007", occurred_at="2024-01-01T09:00:00+08:00")
    for body in (
        {"need": "云服务器", "text": "八核", "occurred_at": "2024-02-01T09:00:00+08:00"},
        {"need": "备份"},
        {"need": "云服务器", "status": "met"},
    ):
        assert (await api.post(f"{address}/needs", body)).status_code == 200
    needs = (await api.get(f"{address}/needs", "E1007", "sales")).json()["items"]
    assert [(need["need"], need["status"], len(need["history"])) for need in needs] == [
        ("云服务器", "met", 2),
        ("备份", "open", 1),
    ]
    first = needs[0]["history"][0]
    assert (first["status"], first["text"], first["actor"]) == ("open", "八核", "ops")
    withheld = (await api.get(f"{address}/needs", "E4", "finance")).json()["items"][0]["history"][0]
    assert (withheld["text"], withheld["is_withheld"]) == (None, True)
    then = (await api.get(f"{address}/needs?as_of=2024-03-01T00:00:00Z")).json()["items"]
    assert [(need["need"], need["status"]) for need in then] == [("云服务器", "open")]
    assert (await api.get(f"{address}/needs", "E3333", "sales")).status_code == 403


async def test_a_refused_need_says_which_are_open(api: Api) -> None:
    address = await api.registered()
    await api.post(f"{address}/needs", {"need": "备份"})
    refused = await api.post(f"{address}/needs", {"need": "云服务器", "status": "met"})
    assert (refused.status_code, refused.json()["code"]) == (409, "need-unknown")
    assert "备份" in refused.json()["detail"]


async def test_a_review_says_since_when_the_profile_is_known_to_be_right(api: Api) -> None:
    address = await api.registered()
    assert (await api.get(address)).json()["reviewed_at"] is None
    for day in ("2024-06-02", "2024-06-01"):
        reviewed = await api.post(f"{address}/profile/review", {"occurred_at": f"{day}T09:00:00+08:00"})
        assert reviewed.status_code == 200

    async def listed() -> bool:
        row = (await api.get(address)).json()
        return bool(row["reviewed_at"] == "2024-06-02T01:00:00Z")

    await eventually(listed)


async def test_the_text_of_news_is_shown_to_holders(api: Api) -> None:
    address = await api.registered()
    heard = await api.post(f"{address}/news", {"topic": "new-project", "text": "二期上线"})
    assert heard.status_code == 200
    *_, last = (await api.get(f"{address}/events")).json()["items"]
    assert (last["type"], last["data"]["topic"]) == ("care.customer.news-recorded.v1", "new-project")


async def test_a_last_contact_that_has_not_been_yet_is_refused(api: Api) -> None:
    address = await api.registered()
    body = {"profile": {"last_contacted_at": "2100-01-01T09:00:00+08:00"}}
    refused = await api.post(f"{address}/profile", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "occurred-in-future")
    refused = await api.post("/v1/customers", {"name": "北京新创", **body})
    assert (refused.status_code, refused.json()["code"]) == (409, "occurred-in-future")


async def test_the_owners_leader_leads_a_customer_that_is_registered(api: Api) -> None:
    for employee_id, leader_id in (("E1007", "E1000"), ("E1008", "E1001")):
        headers = api.issuer.headers("ops", "ops")
        body = {"name": employee_id, "leader_id": leader_id}
        assert (await api.client.put(f"/v1/employees/{employee_id}", json=body, headers=headers)).is_success
    told = {"name": "上海腾云", "external": {"system": "erp", "id": "KH-1"}}
    address = await api.registered(**told, owner_id="E1007")
    assert (await api.get(address, "E1000", "leader")).json()["leader_id"] == "E1000"
    assert (await api.post(f"{address}/owner", {"owner_id": "E1007", "leader_id": "E1009"})).is_success
    assert (await api.post("/v1/customers", {**told, "owner_id": "E1007"})).is_success
    assert (await api.get(address)).json()["leader_id"] == "E1009"
    assert (await api.post("/v1/customers", {**told, "owner_id": "E1008"})).is_success
    assert (await api.get(address)).json()["leader_id"] == "E1001"


async def test_a_customer_is_called_and_found_by_its_new_name(api: Api) -> None:
    address = await api.registered(name="上海腾云", occurred_at="2024-01-01T09:00:00+08:00")
    renamed = await api.post(f"{address}/name", {"name": "重庆腾云集团", "occurred_at": "2024-06-01T09:00:00+08:00"})
    assert renamed.status_code == 200
    assert (await api.get(address)).json()["name"] == "重庆腾云集团"
    assert (await api.get(f"{address}?as_of=2024-03-01T00:00:00Z")).json()["name"] == "上海腾云"

    async def found() -> bool:
        new, old = [(await api.get(f"/v1/customers?q={name}")).json()["items"] for name in ("chongqing", "shanghai")]
        return [each["name"] for each in new] == ["重庆腾云集团"] and old == []

    await eventually(found)


async def test_a_person_is_renamed_and_the_name_stays_in_the_vault(api: Api) -> None:
    address = await api.registered(kind="person", name=None, person_name="吴敏")
    assert (await api.post(f"{address}/name", {"person_name": "吴敏慧"})).status_code == 200
    assert (await api.get(address)).json()["name"] == "吴敏慧"
    states = await api.pool.fetch("SELECT convert_from(state, 'UTF8') AS state FROM event")
    assert len(states) == 2
    assert not [row["state"] for row in states if "吴敏" in row["state"]]


async def test_a_company_is_refused_a_name_of_a_person(api: Api) -> None:
    address = await api.registered()
    refused = await api.post(f"{address}/name", {"person_name": "吴敏"})
    assert (refused.status_code, refused.json()["code"]) == (409, "named-otherwise")
    both = await api.post(f"{address}/name", {"name": "腾云", "person_name": "吴敏"})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/name")
