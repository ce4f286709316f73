"""Rules that a build with other limits stored, and this one refuses: they are shown as failing, and others go on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from chassis.store.pseudonym import Pseudonyms
from contracts.alerts import RuleDrafted, RulePhase, RulePublished, RuleVersion
from contracts.customer import SegmentFilter
from contracts.event import Envelope, Metadata
from services.alerts.detection.stored_segments import segment_of
from services.alerts.domain.rule import RULE, RULE_DRAFT
from tests.bench.harness.event_data import fill
from tests.support.rule_desk import RuleDesk, kinds, silence
from tests.unit.chassis.issuer import SETTINGS

LOOP_OF_LOOP = "tags.map(t, t + t).exists(t, t == 'a')"
REFUSED = [
    silence(7, applies=LOOP_OF_LOOP),
    silence(7, from_a_later_build=True),
    silence(7, version=3),
    silence(7, segments={}),
    silence(7, condition={"shape": "rhythm", "below": 3}),
    silence(7, condition={"shape": "count", "signal": "complaint", "times": 1, "days": 30, "counts": "topic in ["}),
    {"title": "no words"},
]


async def store(desk: RuleDesk, event: RulePublished | RuleDrafted) -> None:
    """Append an event of a rule as an earlier build did, without the validation of this one."""
    kind = RULE if isinstance(event, RuleVersion) else RULE_DRAFT
    stream_id = Pseudonyms(SETTINGS.pseudonym_key).derived(*kind.stream, event.name)
    at, metadata = datetime.now(UTC), Metadata(actor="tests", correlation_id="tests")
    await fill(desk.store, [Envelope(uuid4(), stream_id, stream_id, event.number, 0, at, at, metadata, event)])
    await desk.follow()


def version(definition: Mapping[str, Any], number: int = 2) -> RulePublished:
    return RulePublished(name="calls", number=number, definition=dict(definition), reason="A test")


async def rule(desk: RuleDesk, name: str) -> Any:
    rules = await desk.done("GET", "/v1/rules")
    return next(each for each in rules["items"] if each["name"] == name)


@pytest.mark.parametrize("definition", REFUSED)
async def test_a_refused_rule_fails_on_every_customer_and_the_others_go_on(
    desk: RuleDesk, definition: dict[str, Any]
) -> None:
    await desk.publish("calls", silence(7))
    await desk.publish("visits", silence(8))
    customer_id = await desk.customer(20)
    await desk.settle()
    await store(desk, version(definition))
    another = await desk.customer(20)
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]
    assert kinds(await desk.told("visits")) == ["raised", "raised"]
    failures = await desk.done("GET", "/v1/rules/calls/failures")
    assert {each["customer_id"] for each in failures["items"]} == {str(customer_id), str(another)}
    shown = await rule(desk, "calls")
    assert {each["reason"] for each in failures["items"]} == {shown["fault"]["en"]}
    assert shown["fault"]["en"].startswith("this version refuses the definition: ")
    assert (shown["number"], shown["shape"], shown["sentence"], shown["open"]) == (2, None, None, 1)
    in_force = await desk.done("GET", "/v1/rules/calls")
    assert (in_force["number"], in_force["sentence"], in_force["definition"]) == (2, None, definition)


async def test_a_refused_rule_goes_on_with_its_next_version_or_ends_when_it_is_retired(desk: RuleDesk) -> None:
    await desk.publish("calls", silence(7))
    await desk.customer(20)
    await desk.settle()
    await store(desk, version(REFUSED[0]))
    await desk.settle()
    assert "tags.map" in (await desk.ask("GET", "/v1/rules/export")).text
    await desk.publish("calls", silence(9))
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]
    assert (await rule(desk, "calls"))["fault"] is None
    await store(desk, version(REFUSED[0], number=4))
    await desk.retire("calls")
    await desk.settle()
    assert kinds(await desk.told("calls"))[-1] == "cleared"


async def test_a_refused_draft_is_shown_and_neither_published_nor_put_into_shadow(desk: RuleDesk) -> None:
    draft = RuleDrafted(name="calls", number=1, definition=REFUSED[0], phase=RulePhase.DRAFT, reason="A test")
    await store(desk, draft)
    assert (await rule(desk, "calls"))["fault"]["en"].startswith("this version refuses the definition: applies: ")
    assert (await desk.done("GET", "/v1/rules/calls/draft"))["sentence"] is None
    asked = {"draft": 1, "reason": "A test"}
    for path, more in (("shadow", {}), ("publication", {"preview": "x", "backlog": "raise"})):
        refused = await desk.ask("POST", f"/v1/rules/calls/{path}", asked | more)
        assert (refused.status_code, refused.json()["code"]) == (409, "draft-refused")


async def test_a_refused_draft_in_shadow_fails_too(desk: RuleDesk) -> None:
    customer_id = await desk.customer(20)
    draft = RuleDrafted(name="calls", number=1, definition=REFUSED[0], phase=RulePhase.SHADOW, reason="A test")
    await store(desk, draft)
    await desk.settle()
    failures = await desk.done("GET", "/v1/rules/calls/failures")
    assert [each["customer_id"] for each in failures["items"]] == [str(customer_id)]


def test_a_segment_with_a_filter_that_is_refused_has_a_fault() -> None:
    row: Any = {"name": "east", "type": "care.customer.segment-published.v1", "event_id": uuid4()}
    stated = dict.fromkeys(SegmentFilter.model_fields) | {"stage": "no-stage"}
    row |= {"recorded_at": datetime.now(UTC), "filter": stated}
    found = segment_of(row)
    assert found.filter is None
    assert found.fault is not None
