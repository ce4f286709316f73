"""Plan templates, complaint policies and survey policies name only tiers that a tier scheme has."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.postgres.database import transaction
from contracts.customer import TierDecision, TierRule, TierSchemePublished
from contracts.examples import example_envelope
from services.customer.shipped import tier_schemes as customers_schemes
from services.followup.api.tiers import TIER_FIELDS
from services.followup.projection import customers
from services.followup.queries import tier_schemes
from services.followup.shipped.tier_schemes import DEFAULT, SHIPPED
from tests.integration.followup.conftest import World

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_schemes, "SCHEME_WAIT_SECONDS", 0.2)


def scheme(*tiers: str, name: str = DEFAULT, number: int = 1, since: datetime | None = None) -> TierSchemePublished:
    return TierSchemePublished(
        name=name,
        number=number,
        effective_from=since,
        decision=TierDecision.BY_HAND,
        window_days=365,
        currency="CNY",
        tiers=tuple(TierRule(tier=tier, en=tier, zh=tier) for tier in tiers),
    )


async def hears(world: World, *versions: TierSchemePublished, recorded_at: datetime = LONG_AGO) -> None:
    envelopes = [example_envelope(each, subject=uuid4(), recorded_at=recorded_at) for each in versions]
    async with transaction(world.pool) as held:
        await customers.apply(envelopes, held)


def template(*tiers: str, **more: Any) -> dict[str, Any]:
    step = {"name": "first", "offset": 1, "purpose": "care"}
    steps = [step, step | {"name": "second", "tiers": list(tiers)}]
    return {"starts_on": [{"event": "care.customer.order-delivered.v1"}], "steps": steps} | more


async def publish(world: World, body: dict[str, Any], path: str = "plan-templates/care") -> httpx.Response:
    return await world.send("PUT", f"/v1/{path}", json=body)


def places(refused: httpx.Response) -> list[tuple[str, str]]:
    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed"), refused.text
    return [(each["pointer"], each["rule"]) for each in refused.json()["errors"]]


def test_the_shipped_tiers_are_those_of_the_customer_service() -> None:
    assert {
        name: tuple(rule.tier for rule in each.tiers) for name, each in customers_schemes.SHIPPED.items()
    } == SHIPPED
    assert {"tier", "previous"} == TIER_FIELDS


async def test_a_step_names_tiers_of_the_shipped_scheme_until_one_is_published(world: World) -> None:
    assert (await publish(world, template("vip", "growth", "ordinary"))).status_code in {200, 201}
    assert places(await publish(world, template("vip", "gold"))) == [("/steps/1/tiers/1", "unknown-tier")]
    # Plans follow the scheme `default`.
    assert places(await publish(world, template("a"))) == [("/steps/1/tiers/0", "unknown-tier")]


async def test_a_step_names_tiers_of_the_published_scheme(world: World) -> None:
    await hears(world, scheme("gold", "silver"), scheme("gold", "bronze", number=2))
    assert (await publish(world, template("gold", "bronze"))).status_code in {200, 201}
    assert places(await publish(world, template("vip", "silver"))) == [
        ("/steps/1/tiers/0", "unknown-tier"),
        ("/steps/1/tiers/1", "unknown-tier"),
    ]


async def test_the_scheme_counts_that_is_in_force_with_the_template(world: World) -> None:
    soon = datetime.now(UTC) + timedelta(days=10)
    await hears(world, scheme("gold"), scheme("silver", number=2, since=soon))
    assert places(await publish(world, template("silver"))) == [("/steps/1/tiers/0", "unknown-tier")]
    later = (soon + timedelta(days=1)).isoformat()
    assert (await publish(world, template("silver", effective_from=later))).status_code in {200, 201}
    assert places(await publish(world, template("gold", effective_from=later))) == [
        ("/steps/1/tiers/0", "unknown-tier")
    ]


async def test_the_refusal_names_the_available_tiers_in_both_languages(world: World) -> None:
    for language, words in (("en", "tiers: vip, growth, ordinary."), ("zh-CN", "可选：vip、growth、ordinary。")):
        headers = {"Accept-Language": language}
        refused = await world.send("PUT", "/v1/plan-templates/care", json=template("gold"), headers=headers)
        [error] = refused.json()["errors"]
        for text in (refused.json()["detail"], error["detail"]):
            assert words in text


async def test_the_preview_refuses_the_same(world: World) -> None:
    refused = await world.post("/v1/plan-templates/care/preview", template("gold"))
    assert places(refused) == [("/steps/1/tiers/0", "unknown-tier")]


async def test_a_scheme_that_arrives_a_moment_later_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_schemes, "SCHEME_WAIT_SECONDS", 30.0)
    waiting = asyncio.create_task(publish(world, template("gold")))
    await hears(world, scheme("gold"))
    assert (await waiting).status_code in {200, 201}


@pytest.mark.parametrize("field", ["starts_on", "ends_on"])
async def test_a_trigger_on_a_tier_names_a_tier_of_any_scheme(world: World, field: str) -> None:
    def on(tier: str) -> dict[str, Any]:
        trigger = {"event": "care.customer.tier-changed.v1", "field": "tier", "value": tier}
        return template("vip", **{field: [{"event": "care.customer.stage-changed.v1"}, trigger]})

    assert (await publish(world, on("a"))).status_code in {200, 201}
    assert places(await publish(world, on("gold"))) == [(f"/{field}/1/value", "unknown-tier")]


async def test_a_complaint_target_names_a_tier_of_any_scheme(world: World) -> None:
    def policy(tier: str) -> dict[str, Any]:
        target = {"severity": "high", "answer_minutes": 60, "resolve_minutes": 120}
        return {"targets": [target, target | {"tier": tier}]}

    assert (await publish(world, policy("a"), "complaint-policy")).status_code in {200, 201}
    refused = await publish(world, policy("gold"), "complaint-policy")
    assert places(refused) == [("/targets/1/tier", "unknown-tier")]


async def test_the_shipped_complaint_policy_can_be_published_as_it_is(world: World) -> None:
    shipped = (await world.get("/v1/complaint-policy")).json()
    assert (await publish(world, {"targets": shipped["targets"]}, "complaint-policy")).status_code in {200, 201}


async def test_a_survey_policy_names_a_tier_of_any_scheme(world: World) -> None:
    def policy(tier: str) -> dict[str, Any]:
        trigger = {"event": "care.customer.tier-changed.v1", "field": "tier", "value": tier}
        return {"survey": "care", "kind": "nps", "after": [trigger]}

    assert (await publish(world, policy("b"), "survey-policy")).status_code in {200, 201}
    assert places(await publish(world, policy("gold"), "survey-policy")) == [("/after/0/value", "unknown-tier")]


async def test_tiers_from_before_the_check_are_accepted_until_the_read_model_is_rebuilt(world: World) -> None:
    """What the migration leaves in a database that knew customers already."""
    await world.pool.execute("INSERT INTO tier_scheme VALUES ($1, 0, '-infinity', NULL)", DEFAULT)
    assert (await publish(world, template("gold"))).status_code in {200, 201}
    await hears(world, scheme("silver"))
    assert places(await publish(world, template("gold"))) == [("/steps/1/tiers/0", "unknown-tier")]
