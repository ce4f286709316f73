"""Stages through the API: the transitions, required reasons, and the stays of a customer."""

from tests.integration.customer.conftest import Api


async def test_the_table_says_where_one_may_go_and_which_reasons_fit(api: Api) -> None:
    stages = {each["stage"]: each for each in (await api.get("/v1/stages")).json()["items"]}
    assert [way["to"] for way in stages["established"]["transitions"]] == ["lost"]
    (back,) = stages["lost"]["transitions"]
    assert (back["to"], [reason["code"] for reason in back["reasons"]]) == ("interested", ["won-back"])
    assert stages["signed"]["mode"] == "maintenance"


async def test_a_customer_is_lost_for_a_reason_and_won_back(api: Api) -> None:
    customer = await api.registered(stage="interested")
    refused = await api.post(f"{customer}/stage", {"stage": "lost"}, accept_language="zh-CN")
    assert (refused.status_code, refused.json()["code"]) == (409, "reason-needed")
    assert "competitor（竞争对手）" in refused.json()["detail"]
    for body in ({"stage": "lost", "reason": "price"}, {"stage": "interested", "reason": "won-back"}):
        assert (await api.post(f"{customer}/stage", body)).status_code == 200
    found = (await api.get(f"{customer}/stages")).json()
    assert [(stay["stage"], stay["reason"]) for stay in found["items"]] == [
        ("new", None),
        ("interested", "stated-at-entry"),
        ("lost", "price"),
        ("interested", "won-back"),
    ]
    assert found["win_backs"] == 1
    assert found["items"][2]["left_at"] == found["items"][3]["entered_at"]
