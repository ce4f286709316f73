"""Segments in the conditions of rules: their names, who is in one, and what rules do with them."""

from random import Random
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from contracts.alerts import Backlog, Delivery
from contracts.customer import (
    CustomerErased,
    Kind,
    Merged,
    OwnerAssigned,
    ProfileChanged,
    Registered,
    SegmentFilter,
    Stage,
    StageChanged,
    TagAdded,
    TagRemoved,
    TierChanged,
    TierHeld,
    TierProposalLapsed,
    TierProposalRefused,
    TierProposed,
)
from contracts.event import Event
from contracts.examples import example, example_envelope
from contracts.field_error import FieldError
from services.alerts.commands.definition import evaluable
from services.alerts.detection.evaluation import EMPTY, judge_again, raise_due, receive
from services.alerts.engine.attributes import attributes_of
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds import evolve
from services.alerts.engine.items import concerns_all
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import InForce, RuleBook
from services.alerts.engine.segments import Segment, contains
from services.alerts.engine.selection import named_segments
from services.alerts.engine.shapes import Owed
from services.alerts.engine.words import Words
from services.alerts.shipped.rules import INACTIVITY
from tests.support.customer_life import CUSTOMER, Watch, day, envelope
from tests.support.segment_changes import FIELDS, change, filter_of

IN_EAST = "'east' in segments"
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
PUBLISHED, CHANGED = (Occurrence(day(number), envelope(registered, number).id) for number in (1, 12))


def rule(applies: str = IN_EAST, segments: dict[str, Segment] | None = None, **others: Any) -> Rule:
    return Rule(**{**dict(INACTIVITY), **others, "applies": applies, "segments": segments or {}})


def of(filters: SegmentFilter, stated: Occurrence = PUBLISHED) -> dict[str, Segment]:
    return {"east": Segment(filter=filters, stated=stated)}


def facts(*events: Event) -> Facts:
    found = Facts()
    for number, each in enumerate((registered, *events)):
        found = evolve(found, envelope(each, number))
    return found


def vip(scheme: str = "default", tier: str = "vip") -> TierChanged:
    return TierChanged(scheme=scheme, tier=tier)


def proposed(scheme: str = "value") -> TierProposed:
    return example(TierProposed, scheme=scheme)


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ("tier == 'vip'", []),
        (IN_EAST, [("east", 1, 1)]),
        ("!('east' in segments) ||\n  'west' in segments", [("east", 1, 3), ("west", 2, 3)]),
        ("region == '华东' && 'east' in segments", [("east", 1, 19)]),
        ("'segments' in tags", []),
        (r"'\u0065ast' in segments", [("east", 1, 1)]),
        ("tags.exists(t, 'east' in segments)", [("east", 1, 16)]),
    ],
)
def test_the_names_in_a_condition(condition: str, named: list[tuple[str, int, int]]) -> None:
    assert sorted(named_segments(condition)) == named


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ("size(segments) > 1", "line 1, column 6"),
        ("tier == 'vip' &&\n tags.exists(t, t in segments)", "line 2, column 22"),
        ("'ea' + 'st' in segments", "line 1, column 16"),
        ("(true ? segments : tags) == tags", "line 1, column 9"),
        ("'east' in segments && segments == tags", "line 1, column 23"),
        ("segments[0] == 'east'", "line 1, column 1"),
    ],
)
def test_another_use_of_segments_is_refused_with_its_place(condition: str, place: str) -> None:
    with pytest.raises(FieldError) as found:
        named_segments(condition)
    assert found.value.en.startswith(f"{place}: segments can only be used")
    assert "segments 只能写成" in found.value.zh
    with pytest.raises(ValidationError):
        rule(condition)


IN_ALL_FIELDS = (
    vip(),
    OwnerAssigned(owner_id="E1"),
    ProfileChanged(region="华东"),
    TagAdded(tag="key", vocabulary_number=1),
)
CASES: list[tuple[SegmentFilter, tuple[Event, ...], bool]] = [
    (SegmentFilter(), (), True),
    (SegmentFilter(stage=Stage.NEW), (), True),
    (SegmentFilter(stage=Stage.NEW), (example(StageChanged, stage=Stage.ESTABLISHED),), False),
    (SegmentFilter(tier="vip"), (vip(),), True),
    (SegmentFilter(tier="vip"), (vip(tier="growth"),), False),
    (SegmentFilter(tier="vip"), (vip("value"),), True),
    (SegmentFilter(tier="vip"), (vip("value"), vip("value", "growth")), False),
    (SegmentFilter(owner_id="E1"), (OwnerAssigned(owner_id="E1"),), True),
    (SegmentFilter(owner_id="E1"), (OwnerAssigned(owner_id="E2"),), False),
    (SegmentFilter(ownerless=True), (), True),
    (SegmentFilter(ownerless=True), (OwnerAssigned(owner_id="E1"),), False),
    (SegmentFilter(ownerless=False), (OwnerAssigned(owner_id="E1"),), True),
    (SegmentFilter(ownerless=False), (), False),
    (SegmentFilter(region="華東"), (ProfileChanged(region="华 东"),), True),
    (SegmentFilter(region="华东"), (ProfileChanged(region="华北"),), False),
    (SegmentFilter(region="·"), (), False),
    (SegmentFilter(tag="key"), (TagAdded(tag="key", vocabulary_number=1),), True),
    (SegmentFilter(tag="key"), (TagAdded(tag="key", vocabulary_number=1), TagRemoved(tag="key")), False),
    (SegmentFilter(proposed_in="value"), (proposed(),), True),
    (SegmentFilter(proposed_in="value"), (proposed("other"),), False),
    (SegmentFilter(proposed_in="default"), (proposed("default"),), True),
    *(
        (SegmentFilter(proposed_in="value"), (proposed(), example(end, scheme="value")), False)
        for end in (TierChanged, TierHeld, TierProposalRefused, TierProposalLapsed)
    ),
    (SegmentFilter(proposed_in="value"), (proposed(), example(TierProposalLapsed, scheme="other")), True),
    (SegmentFilter(tier="vip", owner_id="E1", region="华东", tag="key", ownerless=False), IN_ALL_FIELDS, True),
    (SegmentFilter(tier="vip", owner_id="E2", region="华东", tag="key"), IN_ALL_FIELDS, False),
]


@pytest.mark.parametrize(("filters", "events", "is_in"), CASES)
def test_a_segment_contains_the_customers_that_match_all_fields(
    filters: SegmentFilter, events: tuple[Event, ...], is_in: bool
) -> None:
    known = facts(*events)
    assert contains(filters, known) is is_in
    assert rule(segments=of(filters)).applies_to(known) is is_in
    assert rule(f"!({IN_EAST})", of(filters)).applies_to(known) is not is_in


def test_tiers_that_an_earlier_build_did_not_keep_are_a_failure_and_not_false() -> None:
    known = evolve(Facts(registered=PUBLISHED, tier="growth"), envelope(vip("value"), 1))
    known = evolve(known, envelope(proposed(), 1))
    assert contains(SegmentFilter(tier="growth"), known) is True
    assert contains(SegmentFilter(tier="vip"), known) is None
    assert contains(SegmentFilter(tier="vip", stage=Stage.LOST), known) is False
    book = RuleBook(rules=(rule(segments=of(SegmentFilter(proposed_in="value"))),))
    failure = book.condition_failures(known)[INACTIVITY.id]
    assert ("before a rebuild" in failure.en, "重建之前" in failure.zh) == (True, True)


def test_a_rule_without_its_segment_fails_on_every_customer() -> None:
    found = rule(f"!({IN_EAST})")
    known = facts()
    fault = Words("there is no segment east", "没有客户分群 east")
    assert found.outcome(known, attributes_of(known)) == (False, fault)
    assert RuleBook(rules=(found,)).condition_failures(known) == {INACTIVITY.id: fault}


def test_the_tiers_of_a_duplicate_do_not_count() -> None:
    watch = Watch().told(envelope(registered, 0), now=0)
    assert watch.state.facts.schemes is not None
    assert evolve(watch.state.facts, example_envelope(example(Merged))).schemes == watch.state.facts.schemes


def test_a_rule_hears_proposals_only_if_it_names_a_segment() -> None:
    with_segment, without = (RuleBook(rules=(rule(applies, None),)) for applies in (IN_EAST, "'key' in tags"))
    assert with_segment.hearing(TierProposed).every.rules
    assert not without.hearing(TierProposed).every.rules
    of_items = {"condition": Owed(item="task")}
    with_segment, without = (RuleBook(rules=(rule(each, None, **of_items),)) for each in (IN_EAST, "'key' in tags"))
    assert concerns_all(envelope(proposed(), 1), with_segment)
    assert not concerns_all(envelope(proposed(), 1), without)
    assert all(concerns_all(envelope(TagRemoved(tag="key"), 1), book) for book in (with_segment, without))


def test_a_new_filter_is_another_book_and_a_segment_that_nobody_names_is_not() -> None:
    book = RuleBook(rules=(rule(),), shadow=(rule("'west' in segments"),))
    assert book.named_segments == ("east", "west")
    known = {name: Segment(filter=SegmentFilter(tier="vip"), stated=PUBLISHED) for name in ("east", "west", "other")}
    first = book.with_segments(known)
    assert set(first.rules[0].segments) == {"east"}
    assert first.shadow_book.rules[0].segments == {"west": known["west"]}
    assert first.only(first.rules[0]).rules[0].segments == {"east": known["east"]}
    changed = {name: Segment(filter=SegmentFilter(tier="growth"), stated=CHANGED) for name in ("east", "west", "other")}
    assert first.fingerprint == book.with_segments(known | {"other": changed["other"]}).fingerprint
    assert (
        len({first.fingerprint, *(book.with_segments(known | {n: changed[n]}).fingerprint for n in ("east", "west"))})
        == 3
    )


@pytest.mark.parametrize("backlog", Backlog)
def test_what_a_version_of_a_segment_makes_due_follows_the_backlog_of_the_rule(backlog: Backlog) -> None:
    found = rule(segments=of(SegmentFilter(), CHANGED), published=PUBLISHED, backlog=backlog)
    assert found.changed == CHANGED
    told = (envelope(registered, 0), envelope(vip(), 0))
    watch = Watch(RuleBook(rules=(found,))).told(*told, now=0).asked(20)
    if backlog is Backlog.SKIP:
        assert watch.said == []
    else:
        [raised] = watch.said
        assert raised.starts_at < CHANGED.at
        assert CHANGED.cause in raised.causes
        assert (raised.delivery is Delivery.DIGEST) is (backlog is Backlog.DIGEST)


def test_of_a_rule_and_its_segment_the_later_version_counts() -> None:
    assert rule(segments=of(SegmentFilter(), PUBLISHED), published=CHANGED).changed == CHANGED
    assert rule(segments=of(SegmentFilter(), CHANGED), published=PUBLISHED).changed == CHANGED
    assert rule("tier == 'vip'", published=PUBLISHED).changed == PUBLISHED


def test_a_definition_is_tried_inside_and_outside_of_the_segment() -> None:
    for condition in (f"{IN_EAST} ? true : 1/0 == 1", f"{IN_EAST} ? 1/0 == 1 : true"):
        assert evaluable(rule(condition)).applies == condition
    with pytest.raises(FieldError):
        evaluable(rule(f"{IN_EAST} ? 1/0 == 1 : 2/0 == 1"))


def test_an_erased_customer_has_no_alert_in_any_segment() -> None:
    watch = Watch(RuleBook(rules=(rule(segments=of(SegmentFilter())),)))
    watch.told(envelope(registered, 0), envelope(example(CustomerErased), 1), now=1).asked(900)
    assert watch.said == []


@pytest.mark.parametrize("seed", range(60))
def test_an_alert_is_open_while_the_customer_is_in_the_segment(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    wanted, known = SegmentFilter(), EMPTY
    for number, event in enumerate((registered, *(change(random) for _ in range(30)))):
        # Nobody is ever contacted, and each look is long after the event.
        at, looked_at = day(1_000 * number), day(1_000 * number + 900)
        if random.random() < 0.3:
            wanted = filter_of(random, *random.sample(sorted(FIELDS), random.choice((1, 1, 2))))
            book = RuleBook(rules=(rule(segments=of(wanted, Occurrence(at, uuid4()))),))
            known, _ = judge_again(CUSTOMER, known, InForce(book), at)
        book = RuleBook(rules=(rule(segments=of(wanted)),))
        known, _ = receive(CUSTOMER, known, [envelope(event, 1_000 * number)], book, at)
        while known.next_due_at <= looked_at:
            known, _ = raise_due(CUSTOMER, known, book, looked_at, looked_at)
        is_in = contains(wanted, known.facts) and known.facts.mode is not None
        assert bool(known.state.open) is is_in, (seed, number, wanted, event)
