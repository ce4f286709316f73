"""The routes of ladders: versions with who and why, and what they refuse."""

from typing import Any

from tests.support.rule_desk import RuleDesk

RUNGS = [{"after_minutes": 0, "whom": "owner"}, {"after_minutes": 30, "whom": "leader"}]
LADDER = {"rungs": RUNGS, "reason": "Leaders asked for it"}
CRITICAL = "/v1/ladders/critical"


async def test_the_list_has_the_ladder_in_force_of_each_severity(desk: RuleDesk) -> None:
    await desk.done("PUT", CRITICAL, LADDER)
    found = (await desk.done("GET", "/v1/ladders"))["items"]
    assert [(each["severity"], each["number"]) for each in found] == [
        ("critical", 2),
        ("error", 1),
        ("warning", 1),
        ("info", 1),
    ]
    assert (found[0]["rungs"], found[0]["calendar"], found[0]["reason"]) == (RUNGS, "china-office", LADDER["reason"])
    assert found[0] == await desk.done("GET", CRITICAL)


async def test_a_version_says_who_published_it_and_the_shipped_one_stays_readable(desk: RuleDesk) -> None:
    await desk.done("PUT", CRITICAL, LADDER)
    versions = (await desk.done("GET", f"{CRITICAL}/versions"))["items"]
    assert [(each["number"], each["published_by"]) for each in versions] == [(2, "E9"), (1, "system")]
    assert len((await desk.done("GET", f"{CRITICAL}?number=1"))["rungs"]) == 3


async def put(desk: RuleDesk, path: str, body: Any, version: str | None = None) -> tuple[int, Any]:
    headers = desk.issuer.headers("E9", "ops") | ({"If-Match": f'"{version}"'} if version else {})
    response = await desk.http.request("PUT", path, json=body, headers=headers)
    return response.status_code, response.json()


async def test_a_version_that_another_one_overtook_is_refused(desk: RuleDesk) -> None:
    assert (await put(desk, CRITICAL, LADDER, "0"))[0] == 201
    status, problem = await put(desk, CRITICAL, LADDER | {"rungs": RUNGS[:1]}, "0")
    assert (status, problem["code"]) == (412, "version-mismatch")


async def test_what_is_wrong_is_named(desk: RuleDesk) -> None:
    refused = {
        "/calendar": LADDER | {"calendar": "unknown"},
        "/rungs/1/after_minutes": LADDER | {"rungs": [RUNGS[1], RUNGS[0]]},
        "/rungs/1/whom": LADDER | {"rungs": [RUNGS[0], {"after_minutes": 1, "whom": "neighbour"}]},
        "/reason": {"rungs": RUNGS},
    }
    for pointer, body in refused.items():
        status, problem = await put(desk, CRITICAL, body)
        assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])
    assert (await put(desk, "/v1/ladders/fatal", LADDER))[0] == 422
    assert (await desk.ask("GET", "/v1/ladders/fatal")).status_code == 404


async def test_only_operations_and_administrators_publish(desk: RuleDesk) -> None:
    assert (await desk.ask("PUT", CRITICAL, LADDER, role="sales")).status_code == 403
    assert (await desk.ask("GET", CRITICAL, role="sales")).status_code == 200
