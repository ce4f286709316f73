"""Segments of the customer service in rules: what a version changes, what is refused, and what is shown."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from chassis.postgres.database import Pool, transaction
from chassis.rules.yaml_text import write_yaml
from contracts.customer import (
    Kind,
    OwnerAssigned,
    ProfileChanged,
    Registered,
    SegmentFilter,
    SegmentPublished,
    SegmentRemoved,
    TierChanged,
    TierProposalLapsed,
    TierProposed,
)
from contracts.event import Envelope, Event, Metadata
from contracts.examples import example
from contracts.followup import TaskScheduled
from contracts.topics import CUSTOMER_EVENTS
from services.alerts.detection import memory
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.stored_rules import POSITION
from services.alerts.detection.stored_segments import STATED
from services.alerts.engine.facts import Facts, Schemes
from services.alerts.engine.items import Item, ItemId
from services.alerts.engine.rule_book import NOBODY_SWEPT
from tests.support.facts import received_of
from tests.support.rule_desk import RuleDesk, days_ago, kinds, silence, stored_rules

SEGMENTS = UUID("01900000-0000-7000-8000-00000000005e")
EAST = silence(7, applies="'east' in segments")
VIP, GROWTH = (SegmentFilter(tier=tier) for tier in ("vip", "growth"))
WRONG = "tier == 'vip' &&\n 'west' in segments"


@dataclass
class Feed:
    """The topic of the customer service. Its facts are stored, and evaluated, as the consumer does."""

    desk: RuleDesk
    positions: "count[int]" = field(default_factory=lambda: count(1))

    async def tell(self, subject: UUID, event: Event, at: datetime | None = None, stream: UUID | None = None) -> UUID:
        position, at = next(self.positions), at or datetime.now(UTC)
        metadata = Metadata(actor="tests", correlation_id="tests")
        told = Envelope(uuid4(), subject, stream or subject, position, position, at, at, metadata, event)
        async with transaction(self.desk.pool) as held:
            await self.desk.detector.apply(received_of([told]), held)
        return told.id

    async def publish(self, filters: SegmentFilter, name: str = "east", en: str = "East") -> UUID:
        version = SegmentPublished(name=name, number=1, en=en, zh="华东", filter=filters)
        return await self.tell(uuid5(SEGMENTS, name), version)

    async def remove(self, name: str = "east") -> UUID:
        return await self.tell(uuid5(SEGMENTS, name), SegmentRemoved(name=name))

    async def customer(self, tier: str = "vip") -> UUID:
        """Register a customer of a tier ten days ago, whom nobody has contacted since."""
        customer_id, at = uuid4(), days_ago(10)
        await self.tell(customer_id, Registered(name="上海腾云", kind=Kind.COMPANY), at)
        await self.tell(customer_id, OwnerAssigned(owner_id="E1", leader_id="E2"), at)
        await self.tell(customer_id, TierChanged(scheme="default", tier=tier), at)
        return customer_id


@pytest.fixture
def feed(desk: RuleDesk) -> Feed:
    return Feed(desk)


async def failures(desk: RuleDesk, rule: str = "calls") -> list[dict[str, Any]]:
    return list((await desk.done("GET", f"/v1/rules/{rule}/failures"))["items"])


async def sweeps(desk: RuleDesk) -> int:
    await desk.settle()
    return int(await desk.pool.fetchval("SELECT count(*) FROM rule_sweep"))


async def test_a_version_of_a_segment_raises_and_clears_and_is_the_cause(desk: RuleDesk, feed: Feed) -> None:
    vip_id, growth_id = await feed.customer("vip"), await feed.customer("growth")
    await feed.publish(VIP)
    await desk.publish("calls", EAST)
    await desk.settle()
    assert [each.subject for each in await desk.told("calls")] == [vip_id]

    changed = await feed.publish(GROWTH)
    await desk.settle()
    told = await desk.told("calls")
    assert [(each.subject, *kinds([each])) for each in told[1:]] == [(vip_id, "cleared"), (growth_id, "raised")]
    assert all(changed in each.event.causes for each in told[1:])
    assert told[1].metadata.causation_id == changed
    assert changed not in told[0].event.causes


async def test_a_removed_segment_is_a_failure_of_the_rule_until_it_is_published_again(
    desk: RuleDesk, feed: Feed
) -> None:
    vip_id, growth_id = await feed.customer("vip"), await feed.customer("growth")
    await feed.publish(VIP)
    await desk.publish("calls", EAST)
    await desk.publish("others", silence(7, applies="!('east' in segments)"))
    await desk.settle()
    before = await desk.told()
    assert {(each.event.rule_id, each.subject) for each in before} >= {("calls", vip_id), ("others", growth_id)}

    await feed.remove()
    await desk.settle()
    assert await desk.told() == before
    for rule in ("calls", "others"):
        found = await failures(desk, rule)
        assert {each["customer_id"] for each in found} == {str(vip_id), str(growth_id)}
        reasons = {(each["reason"], each["reason_zh"]) for each in found}
        assert reasons == {("the segment east was removed", "客户分群 east 已删除")}
    await desk.pool.execute("UPDATE rule_failure SET reason_zh = NULL")
    # As an earlier build has recorded it.
    assert {each["reason_zh"] for each in await failures(desk)} == {"the segment east was removed"}
    [calls] = [each for each in (await desk.done("GET", "/v1/rules"))["items"] if each["name"] == "calls"]
    assert calls["segment_faults"] == [{"en": "the segment east was removed", "zh": "客户分群 east 已删除"}]

    await feed.publish(VIP)
    await desk.settle()
    assert await desk.told() == before
    assert await failures(desk) == []


async def test_a_segment_that_no_rule_names_and_a_new_label_evaluate_nobody(desk: RuleDesk, feed: Feed) -> None:
    await feed.customer()
    await feed.publish(VIP)
    await desk.publish("calls", EAST)
    first = await sweeps(desk)
    await feed.publish(GROWTH, "west")
    await feed.remove("west")
    await feed.publish(VIP, en="The east")
    assert await sweeps(desk) == first
    await feed.publish(GROWTH)
    assert await sweeps(desk) == first + 1


async def test_an_event_of_a_customer_changes_its_membership_at_once(desk: RuleDesk, feed: Feed) -> None:
    customer_id = await feed.customer()
    await feed.publish(SegmentFilter(proposed_in="value", region="华东"))
    await desk.publish("calls", EAST)
    await desk.settle()
    await feed.tell(customer_id, ProfileChanged(region="華東"))
    await feed.tell(customer_id, example(TierProposed, scheme="value"))
    await desk.settle()
    lapsed = await feed.tell(customer_id, example(TierProposalLapsed, scheme="value"))
    told = await desk.told("calls")
    assert kinds(told) == ["raised", "cleared"]
    assert told[1].metadata.causation_id == lapsed


async def test_membership_concerns_all_tasks_of_the_customer(desk: RuleDesk, feed: Feed) -> None:
    customer_id = await feed.customer()
    await feed.publish(SegmentFilter(proposed_in="value"))
    await desk.publish("calls", {**EAST, "condition": {"shape": "owed", "item": "task"}})
    await desk.tell(customer_id, example(TaskScheduled, due_at=days_ago(2)), days_ago(3), stream_id=uuid4())
    await desk.settle()
    assert await desk.told("calls") == []
    await feed.tell(customer_id, example(TierProposed, scheme="value"))
    await desk.settle()
    await feed.tell(customer_id, example(TierProposalLapsed, scheme="value"))
    assert kinds(await desk.told("calls")) == ["raised", "cleared"]


async def test_a_rule_in_shadow_follows_its_segment(desk: RuleDesk, feed: Feed) -> None:
    await feed.customer("vip")
    await feed.publish(VIP)
    draft = await desk.draft("calls", EAST)
    await desk.done("POST", "/v1/rules/calls/shadow", {"draft": draft, "reason": "A test"})
    await desk.settle()
    [episode] = (await desk.done("GET", "/v1/rules/calls/shadow-episodes"))["items"]
    assert episode["ended_at"] is None
    await feed.publish(GROWTH)
    await desk.settle()
    [episode] = (await desk.done("GET", "/v1/rules/calls/shadow-episodes"))["items"]
    assert episode["ended_at"]
    await feed.remove()
    await desk.settle()
    [calls] = [each for each in (await desk.done("GET", "/v1/rules"))["items"] if each["name"] == "calls"]
    assert [each["en"] for each in calls["segment_faults"]] == ["the segment east was removed"]


async def test_an_unknown_segment_is_refused_with_its_place(desk: RuleDesk, feed: Feed) -> None:
    await feed.publish(VIP)
    definition = silence(7, applies=WRONG)
    saved = ("PUT", "/v1/rules/calls/draft", {"definition": definition, "reason": "A test"})
    asked = [("POST", f"/v1/rules/{path}", {"definition": definition}) for path in ("validation", "calls/preview")]
    texts = {"en": "line 2, column 2: there is no segment west", "zh": "第 2 行第 2 列：没有客户分群 west"}
    for method, path, body in (saved, *asked):
        for language, detail in texts.items():
            headers = desk.issuer.headers("E9", "ops") | {"Accept-Language": language}
            response = await desk.http.request(method, path, json=body, headers=headers)
            assert response.status_code == 422, (path, response.text)
            [error] = response.json()["errors"]
            assert error == {"pointer": "/definition/applies", "rule": "segment-unknown", "detail": detail}
    text = write_yaml({"rules": {"calls": definition, "good": EAST}})
    failed, good = (await desk.done("POST", "/v1/rules/import", {"yaml": text, "reason": "A test"}))["items"]
    [error] = failed["errors"]
    assert (failed["outcome"], good["outcome"]) == ("failed", "drafted")
    assert (error["pointer"], error["rule"], error["detail"]) == ("/applies", "segment-unknown", texts["en"])


async def test_a_draft_whose_segment_was_removed_cannot_come_into_force(desk: RuleDesk, feed: Feed) -> None:
    await feed.publish(VIP)
    draft = await desk.draft("calls", EAST)
    seen = await desk.done("POST", "/v1/rules/calls/preview", {"definition": EAST})
    await feed.remove()
    body = {"draft": draft, "preview": seen["preview"], "backlog": "raise", "reason": "A test"}
    for step, fields in (("shadow", {"draft", "reason"}), ("publication", body.keys())):
        response = await desk.ask("POST", f"/v1/rules/calls/{step}", {name: body[name] for name in fields})
        assert (response.status_code, response.json()["code"]) == (409, "segment-unknown")
        assert "line 1, column 1: the segment east was removed" in response.json()["detail"]


async def test_a_filter_with_a_field_of_a_newer_build_is_a_fault(desk: RuleDesk, feed: Feed) -> None:
    await feed.publish(VIP)
    # The contract of a newer build would allow the field; the fact is stored as it was published.
    async with transaction(desk.pool) as held:
        rows = await held.fetch("SELECT * FROM fact WHERE type = 'care.customer.segment-published.v1'")
        newer = {**dict(rows[0]), "position": next(feed.positions), "event_id": uuid4()}
        newer["data"] = {**newer["data"], "filter": {"tier": "vip", "spend_over": 5, "region": None}}
        places = ", ".join(f"${number}" for number in range(1, len(newer) + 1))
        await held.execute(f"INSERT INTO fact ({', '.join(newer)}) VALUES ({places})", *newer.values())
    response = await desk.ask("POST", "/v1/rules/validation", {"definition": EAST})
    [error] = response.json()["errors"]
    assert error["detail"].endswith("the segment east has fields that this version cannot evaluate: spend_over")


async def test_a_preview_and_an_explanation_use_the_segment(desk: RuleDesk, feed: Feed) -> None:
    vip_id, growth_id = await feed.customer("vip"), await feed.customer("growth")
    await feed.publish(VIP)
    seen = await desk.done("POST", "/v1/rules/calls/preview", {"definition": EAST})
    assert (seen["customers"], seen["open"], seen["failing"]) == (2, 1, 0)
    assert sum(week["count"] for week in seen["past"]["weeks"]) == 1
    await desk.publish("calls", EAST)
    await desk.settle()
    reasons = [await reason(desk, each) for each in (vip_id, growth_id)]
    assert reasons == [None, "condition-not-met"]
    await feed.remove()
    await desk.settle()
    assert await reason(desk, growth_id) == "expression-failed"


async def reason(desk: RuleDesk, customer_id: UUID) -> str | None:
    found = (await desk.done("GET", f"/v1/customers/{customer_id}/rules/calls"))["reason"]
    return str(found["code"]) if found else None


async def test_the_derived_memory_equals_the_maintained_one(desk: RuleDesk, feed: Feed, owner: Pool) -> None:
    customer_ids = [await feed.customer("vip"), await feed.customer("growth")]
    await feed.publish(SegmentFilter(tier="vip", proposed_in="value"))
    await desk.publish("calls", EAST)
    await desk.settle()
    for scheme in ("value", "risk"):
        await feed.tell(customer_ids[0], example(TierProposed, scheme=scheme))
    await feed.tell(customer_ids[1], TierChanged(scheme="value", tier="vip"))
    await desk.settle()
    maintained = await memories(desk.pool, customer_ids)
    assert [each.schemes for each, _ in maintained] == [Schemes({}, ("risk", "value")), Schemes({"value": "vip"}, ())]
    async with transaction(owner) as held:
        await held.execute("TRUNCATE silence, silence_item, customer_holders")
        await Derivation(desk.mapper, stored_rules()).derive_all(held)
    assert await memories(desk.pool, customer_ids) == maintained


async def memories(pool: Pool, customer_ids: list[UUID]) -> list[tuple[Facts, dict[ItemId, Item]]]:
    async with transaction(pool) as held:
        found = await memory.load_whole(held, customer_ids)
    return [(found[each].facts, found[each].items) for each in customer_ids]


async def test_a_version_that_a_restored_store_lost_leaves_no_trace(desk: RuleDesk, feed: Feed, owner: Pool) -> None:
    vip_id, growth_id = await feed.customer("vip"), await feed.customer("growth")
    await feed.publish(VIP)
    await desk.publish("calls", EAST)
    await desk.settle()
    last = next(feed.positions) - 1
    await feed.publish(GROWTH)
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised", "cleared", "raised"]
    async with transaction(owner) as held:
        await Derivation(desk.mapper, stored_rules()).delete_after(held, CUSTOMER_EVENTS.owner, last)
    restarted = RuleDesk(desk.pool, desk.issuer)
    await restarted.settle()
    told = (await restarted.told("calls"))[3:]
    assert {(each.subject, *kinds([each])) for each in told} == {(vip_id, "raised"), (growth_id, "cleared")}


async def test_a_process_that_goes_on_keeps_the_book_of_a_restored_store(
    desk: RuleDesk, feed: Feed, owner: Pool
) -> None:
    await feed.publish(VIP)
    await desk.publish("calls", EAST)
    await desk.settle()
    last = next(feed.positions) - 1
    await feed.publish(GROWTH)
    await desk.settle()
    async with transaction(owner) as held:
        await Derivation(desk.mapper, stored_rules()).delete_after(held, CUSTOMER_EVENTS.owner, last)
    async with transaction(desk.pool) as held:
        book = (await desk.rules.current(held)).book
        assert await desk.rules.last_read(held) is book
        assert (await desk.rules.current(held)).book is book
    [calls] = [each for each in book.rules if each.id == "calls"]
    assert calls.segments["east"].filter == VIP


FACTS = """
    INSERT INTO fact SELECT 'customer', n, gen_random_uuid(), gen_random_uuid(), 1,
        CASE WHEN n % 100 = 0 THEN 'care.customer.segment-published.v1' ELSE 'care.customer.tag-added.v1' END,
        gen_random_uuid(), now(), now(), 'tests', NULL, jsonb_build_object('name', 's' || n % 50)
    FROM generate_series(1, 20000) n
"""


async def test_the_versions_of_named_segments_are_found_by_an_index(desk: RuleDesk, owner: Pool) -> None:
    await owner.execute(FACTS)
    await owner.execute("ANALYZE fact")
    for statement, arguments in ((POSITION, (None, ["s0"], "", NOBODY_SWEPT)), (STATED, (["s0"],))):
        plan = "\n".join(row[0] for row in await desk.pool.fetch(f"EXPLAIN {statement}", *arguments))
        assert "fact_segment" in plan, plan
        assert "Seq Scan on fact" not in plan, plan
