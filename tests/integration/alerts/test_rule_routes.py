"""The routes of rules: previews, lists, and what they refuse."""

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import transaction
from chassis.rules.yaml_text import write_yaml
from contracts.customer import KeyContactRemoved, Kind, Merged, OwnerAssigned, Registered
from contracts.event import Event
from contracts.examples import example, example_envelope
from services.alerts.api import rule_life
from services.alerts.detection import past, preview
from tests.support.facts import received_of
from tests.support.rule_desk import RuleDesk, days_ago, silence

POSITIONS = count(1)


async def publication(desk: RuleDesk, name: str, draft: int, token: str) -> tuple[int, Any]:
    body = {"draft": draft, "preview": token, "backlog": "raise", "reason": "A test"}
    response = await desk.ask("POST", f"/v1/rules/{name}/publication", body)
    return response.status_code, response.json().get("code")


async def test_a_preview_counts_what_would_open_end_and_be_due(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PAGE", 2)
    for days, owner_id in ((40, "E1"), (32, "E1"), (20, "E3"), (10, "E3"), (5, "E3")):
        await desk.customer(days, owner_id)
    await desk.settle()
    seen = await desk.done("POST", "/v1/rules/inactivity/preview", {"definition": silence(15)})
    counted = {name: seen[name] for name in ("customers", "open", "already_open", "would_end", "due_in_a_week")}
    assert counted == {"customers": 5, "open": 3, "already_open": 2, "would_end": 0, "due_in_a_week": 1}
    assert (seen["is_complete"], seen["severities"]) == (True, {"warning": 3})
    assert seen["owners"] == [{"owner_id": "E1", "count": 2}, {"owner_id": "E3", "count": 1}]
    longer = await desk.done("POST", "/v1/rules/inactivity/preview", {"definition": silence(35)})
    assert (longer["open"], longer["would_end"]) == (1, 1)
    assert await desk.published("inactivity") == []


async def test_a_preview_is_bounded(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PAGE", 2)
    monkeypatch.setattr(preview, "MAX_CUSTOMERS", 2)
    for _ in range(5):
        await desk.customer(40)
    seen = await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(7)})
    assert (seen["customers"], seen["is_complete"]) == (2, False)


async def test_a_publication_needs_the_latest_draft_and_a_preview_of_it(
    desk: RuleDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await publication(desk, "calls", 1, "x") == (404, "not-found")
    await desk.draft("calls", silence(7))
    seen = await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(7)})
    other = await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(8)})
    assert await publication(desk, "calls", 2, seen["preview"]) == (409, "draft-changed")
    assert await publication(desk, "calls", 1, "x") == (409, "preview-needed")
    assert await publication(desk, "calls", 1, other["preview"]) == (409, "preview-needed")
    for number, token, place in ((2, seen["preview"], "/draft"), (1, "x", "/preview")):
        body = {"draft": number, "preview": token, "backlog": "raise", "reason": "A test"}
        refused = (await desk.ask("POST", "/v1/rules/calls/publication", body)).json()
        assert [error["pointer"] for error in refused["errors"]] == [place]
    monkeypatch.setattr(rule_life, "PREVIEW_VALID", -rule_life.PREVIEW_VALID)
    assert await publication(desk, "calls", 1, seen["preview"]) == (409, "preview-needed")


async def test_a_list_says_what_each_rule_does_and_did(desk: RuleDesk) -> None:
    await desk.customer(40)
    await desk.settle()
    await desk.retire("no-activity")
    await desk.draft("calls", silence(7))
    await desk.follow()
    listed = {each["name"]: each for each in (await desk.done("GET", "/v1/rules"))["items"]}
    known = listed["inactivity"]
    assert (known["phase"], known["number"], known["is_shipped"], known["open"]) == ("published", 1, True, 1)
    assert known["started_30_days"] == 1
    assert known["sentence"]["en"].startswith("Opens when no contact by a person")
    assert (listed["no-activity"]["phase"], listed["no-activity"]["number"]) == ("retired", None)
    drafted = listed["calls"]
    assert (drafted["phase"], drafted["draft"]) == ("draft", {"number": 1, "phase": "draft", "is_in_shadow": False})


async def test_names_that_are_addresses_and_too_many_rules_are_refused(
    desk: RuleDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"definition": silence(7), "reason": "A test"}
    for name in rule_life.RESERVED:
        assert (await desk.ask("PUT", f"/v1/rules/{name}/draft", body)).status_code == 422
    monkeypatch.setattr(rule_life, "MAX_RULES", 1)
    await desk.draft("calls", silence(7))
    await desk.follow()
    refused = await desk.ask("PUT", "/v1/rules/visits/draft", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-rules")
    assert await desk.draft("calls", silence(8)) == 2


async def test_retiring_or_reading_an_unknown_rule_finds_nothing(desk: RuleDesk) -> None:
    assert (await desk.ask("POST", "/v1/rules/nothing/retirement", {"reason": "A test"})).status_code == 404
    assert (await desk.ask("GET", "/v1/rules/nothing")).status_code == 404
    assert (await desk.ask("GET", "/v1/rules/nothing/draft")).status_code == 404


async def test_a_definition_beyond_a_limit_names_the_field(desk: RuleDesk) -> None:
    response = await desk.ask("POST", "/v1/rules/validation", {"definition": silence(3_651)})
    [error] = response.json()["errors"]
    assert (error["pointer"], error["rule"]) == ("/definition/condition/days/follow-up/others", "less_than_equal")


async def test_a_rule_that_names_an_unknown_employee_for_its_care_tasks_is_refused(desk: RuleDesk) -> None:
    await desk.customer(10, owner_id="E1")
    for employee_id, outcome in (("E77", "failed"), ("E1", "drafted")):
        definition = {**silence(7), "care": {"hours": 48, "assignee_id": employee_id}}
        text = write_yaml({"rules": {"calls": definition}})
        [found] = (await desk.done("POST", "/v1/rules/import", {"yaml": text, "reason": "A test"}))["items"]
        assert found["outcome"] == outcome
        assert [(each["pointer"], each["rule"]) for each in found["errors"]] == (
            [("/care/assignee_id", "employee-unknown")] if outcome == "failed" else []
        )
        saved = await desk.ask("PUT", "/v1/rules/others/draft", {"definition": definition, "reason": "A test"})
        assert saved.status_code == (201 if outcome == "drafted" else 422)
        if outcome == "failed":
            [error] = saved.json()["errors"]
            assert (error["pointer"], error["rule"]) == ("/definition/care/assignee_id", "employee-unknown")
    assert (await desk.ask("GET", "/v1/rules/others/draft")).json()["number"] == 1


async def test_a_preview_does_not_count_windows_that_have_closed(desk: RuleDesk) -> None:
    customer_id = await desk.customer(60)
    for days in (40, 39):
        await desk.tell(customer_id, example(KeyContactRemoved), days_ago(days))
    for days, expected in ((30, 0), (50, 1)):
        counted = silence(7, condition={"shape": "count", "signal": "key-contact-change", "times": 2, "days": days})
        seen = await desk.done("POST", "/v1/rules/contacts/preview", {"definition": counted})
        assert (seen["open"], sum(seen["severities"].values())) == (expected, expected)


async def known(desk: RuleDesk, silent_days: float, *, merged_into: UUID | None = None, is_logged: bool = True) -> UUID:
    """Let a customer be registered so many days ago, in the memory and, if `is_logged`, in the fact log."""
    customer_id, at = uuid4(), days_ago(silent_days)
    told: list[Event] = [Registered(name="上海腾云", kind=Kind.COMPANY), OwnerAssigned(owner_id="E1", leader_id="E2")]
    told += [example(Merged, into_customer_id=merged_into)] if merged_into else []
    envelopes = [
        example_envelope(
            each,
            id=uuid4(),
            subject=customer_id,
            stream_id=customer_id,
            position=next(POSITIONS),
            recorded_at=at,
            occurred_at=at,
        )
        for each in told
    ]
    async with transaction(desk.pool) as held:
        await (
            desk.detector.apply(received_of(envelopes), held) if is_logged else desk.detector.evaluate(envelopes, held)
        )
    return customer_id


async def test_a_preview_counts_by_weeks_what_would_have_begun(desk: RuleDesk) -> None:
    """A customer whose registration the log does not have, and merged ones, are left out."""
    for days in (15, 22, 29, 300):
        await known(desk, days)
    await known(desk, 40, merged_into=await known(desk, 50))
    await known(desk, 20, is_logged=False)
    seen = (await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(1)}))["past"]
    assert (seen["customers"], seen["of_customers"]) == (4, 7)
    assert len(seen["weeks"]) == past.WEEKS
    counts = [each["count"] for each in seen["weeks"]]
    assert sum(counts) == 3
    assert seen["owners"] == [{"owner_id": "E1", "counts": counts}]
    expected = Counter(str(past.monday(days_ago(days - 1))) for days in (15, 22, 29))
    assert {each["begins_on"]: each["count"] for each in seen["weeks"] if each["count"]} == expected


async def test_the_past_of_facts_that_were_entered_late_is_that_of_the_owner(desk: RuleDesk) -> None:
    customer_id, at = uuid4(), days_ago(10)
    told = (Registered(name="上海腾云", kind=Kind.COMPANY), OwnerAssigned(owner_id="E1", leader_id="E2"))
    for seconds, event in enumerate(told):
        await desk.tell(customer_id, event, at, recorded_at=days_ago(1) + timedelta(seconds=seconds))
    seen = (await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(7)}))["past"]
    assert [(each["owner_id"], sum(each["counts"])) for each in seen["owners"]] == [("E1", 1)]


async def test_the_sample_of_the_past_is_bounded(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "MAX_SAMPLE", 2)
    for _ in range(3):
        await known(desk, 15)
    seen = (await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(1)}))["past"]
    assert (seen["customers"], seen["of_customers"]) == (2, 3)
    monkeypatch.setattr(past, "MAX_SECONDS", 0.0)
    seen = (await desk.done("POST", "/v1/rules/calls/preview", {"definition": silence(1)}))["past"]
    assert (seen["customers"], sum(each["count"] for each in seen["weeks"])) == (0, 0)
