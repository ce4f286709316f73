"""What a count may count: the fields that an expression may name, the ring of each expression, and its failures."""

import types
from datetime import timedelta
from enum import StrEnum
from typing import Any, Union, get_args, get_origin
from uuid import uuid4

import pytest
from msgspec.structs import replace as changed
from pydantic import TypeAdapter, ValidationError

from contracts import customer, followup
from contracts.alerts import Unit
from contracts.customer import KeyContactChanged, KeyContactRemoved, OrderPlaced, Registered, Stage, StageChanged
from contracts.event import Event
from contracts.examples import example
from contracts.followup import ComplaintRaised, ContactLogged, Direction, Severity
from contracts.types import EMPLOYEE_PATTERN
from services.alerts.commands.definition import Definition
from services.alerts.detection.folding import fold
from services.alerts.detection.packing import packed
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.counted_fields import FIELDS, fields_of, values_of, variables_of
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.failures import failures
from services.alerts.engine.feature_rings import with_rings
from services.alerts.engine.features import MAX_FEATURES, NO_FEATURES, feature_of, features_of
from services.alerts.engine.folds import evolve
from services.alerts.engine.rings import HEARD, LENGTH, SIZE, SIZES
from services.alerts.engine.rule import Rule, definition_of
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.sentences import sentence
from services.alerts.engine.shapes import Count
from services.alerts.engine.stretch import Measure
from services.alerts.shipped.rules import MORE_COMPLAINTS
from tests.support.customer_life import day, envelope

SIGNALS = sorted(HEARD)
# Bytes that MessagePack adds to two names and a ring, or to a list and a map.
LONGEST_HEADERS = 9
CRITICAL = "severity == 'critical'"
# Fails for a critical complaint.
FAILING = "severity == 'critical' ? 1/0 == 1 : severity == 'high'"
# What the events have besides: ids, references to the vault, lists, times, numbers of forms, and constants.
LEFT_OUT: dict[type[Event], set[str]] = {
    followup.ContactLogged: {
        *("employee_id", "content_ref", "task_id", "goal_ref", "key_contact_id", "attachments", "next_step_due_at"),
        *("form_number", "fields"),
    },
    followup.ComplaintRaised: {"owner_id", "content_ref"},
    customer.OrderPlaced: {"external_id"},
    customer.KeyContactChanged: {
        *("key_contact_id", "name_ref", "phone_ref", "email_ref", "dates_ref", "date_kinds"),
    },
    customer.KeyContactRemoved: {"key_contact_id"},
    customer.QuoteCompared: set(),
    # Only events of cheaper competitors are of the signal.
    customer.CompetitorSeen: {"is_cheaper"},
}


def count_of(counts: str | None, **others: Any) -> Count:
    return Count(**{"signal": "complaint", "times": 2, "days": 30, "counts": counts, **others})


def rule_of(count: Count, rule_id: str = MORE_COMPLAINTS.id) -> Rule:
    return MORE_COMPLAINTS.model_copy(update={"condition": count, "id": rule_id})


def counting(counts: str | None, **others: Any) -> Rule:
    return rule_of(count_of(counts, **others))


def definition(counts: str, **others: Any) -> dict[str, Any]:
    condition = {"shape": "count", "signal": "complaint", "times": 2, "days": 30, "counts": counts, **others}
    return {"title": {"en": "Severe", "zh": "严重"}, "severities": {"others": "warning"}, "condition": condition}


def kind_of(annotation: Any) -> Any:
    """Return the type of a field, without None and without what limits it."""
    while get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not type(None))
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def test_every_event_that_is_counted_has_its_fields() -> None:
    assert FIELDS.keys() == frozenset().union(*HEARD.values()) == LEFT_OUT.keys()


@pytest.mark.parametrize("event", FIELDS, ids=lambda event: event.__name__)
def test_the_fields_are_those_of_the_contracts_and_name_no_person(event: type[Event]) -> None:
    fields = {name: field for name, field in event.model_fields.items() if name != "type"}
    assert fields.keys() - FIELDS[event].keys() == LEFT_OUT[event]
    for name, kind in FIELDS[event].items():
        assert kind_of(fields[name].annotation) is kind
        assert kind in {str, int, bool} or issubclass(kind, StrEnum)
        assert EMPLOYEE_PATTERN not in repr(fields[name])
    assert EMPLOYEE_PATTERN in repr(ContactLogged.model_fields["employee_id"])


@pytest.mark.parametrize("signal", SIGNALS)
def test_an_expression_may_name_every_field(signal: Any) -> None:
    same = {str: "''", int: "0", bool: "false"}
    every = " && ".join(f"{name} == {same[kind]}" for name, kind in variables_of(signal).items())
    assert Count(signal=signal, times=1, days=1, counts=every).feature
    assert ("event" in variables_of(signal)) == (len(HEARD[signal]) > 1)


def test_a_field_that_an_event_does_not_have_is_empty() -> None:
    contact = ContactLogged(channel=followup.Channel.PHONE, direction=Direction.INBOUND, employee_id="li")
    values = dict(zip(variables_of("touch"), values_of("touch", contact), strict=True))
    assert values == {
        **dict.fromkeys(("purpose", "outcome", "sentiment", "next_step"), ""),
        "channel": "phone",
        "direction": "inbound",
        "automated": False,
    }
    assert all(type(each) in {str, bool} for each in values.values())
    order = OrderPlaced(amount_minor=0, currency="CNY")
    assert set(values_of("order", order)) == {0, "CNY", ""}


def test_the_removal_of_a_key_contact_is_told_from_a_change() -> None:
    removed = feature_of("key-contact-change", "event == 'key-contact-removed' || is_decision_maker")
    facts = Facts()
    told: list[Event] = [
        example(KeyContactRemoved),
        example(KeyContactChanged, is_decision_maker=False),
        example(KeyContactChanged, is_decision_maker=True),
    ]
    for number, event in enumerate(told):
        facts = evolve(facts, envelope(event, number), features=features_of([removed]))
    assert len(facts.rings[removed.name]) == 2 * LENGTH
    assert len(facts.rings["key-contact-change"]) == 3 * LENGTH


@pytest.mark.parametrize(
    ("signal", "event", "is_in"),
    [
        ("human-contact", example(ContactLogged, automated=False, direction=Direction.INBOUND), True),
        ("human-contact", example(ContactLogged, automated=True), False),
        ("touch", example(ContactLogged, direction=Direction.OUTBOUND), True),
        ("touch", example(ContactLogged, direction=Direction.INBOUND), False),
        ("competitor-cheaper", example(customer.CompetitorSeen, is_cheaper=True), True),
        ("competitor-cheaper", example(customer.CompetitorSeen, is_cheaper=None), False),
    ],
)
def test_only_events_of_the_signal_are_counted(signal: Any, event: Event, is_in: bool) -> None:
    feature = feature_of(signal, "true")
    facts = evolve(Facts(), envelope(event, 1), features=features_of([feature]))
    assert (feature.name in facts.rings) == is_in


def test_a_ring_is_as_long_as_that_of_its_signal() -> None:
    events = {"complaint": example(ComplaintRaised), "touch": example(ContactLogged, direction=Direction.OUTBOUND)}
    for signal, size in (("complaint", SIZE), ("touch", SIZES["touch"])):
        feature, facts = feature_of(signal, "true"), Facts()  # type: ignore[arg-type]
        for number in range(size + 3):
            facts = evolve(facts, envelope(events[signal], number), features=features_of([feature]))
        assert len(facts.rings[feature.name]) == size * LENGTH
    with pytest.raises(ValidationError, match=f"at most {SIZE} events"):
        Count(signal="complaint", times=SIZE + 1, days=10, counts="true")


def test_the_memory_grows_by_no_more_than_the_rings_of_all_features() -> None:
    features = features_of(feature_of("complaint", f"severity != '{number}'") for number in range(MAX_FEATURES))
    without, whole = Facts(), Facts()
    for number in range(2 * SIZE):
        told = envelope(example(ComplaintRaised), number)
        without, whole = evolve(without, told), evolve(whole, told, features=features)
    whole = changed(whole, features=features.names)
    grown = len(packed(CustomerState(whole))) - len(packed(CustomerState(without)))
    longest = 2 * len(features.names[0]) + LONGEST_HEADERS
    assert MAX_FEATURES * SIZE * LENGTH < grown <= MAX_FEATURES * (SIZE * LENGTH + longest) + LONGEST_HEADERS


def test_rules_with_the_same_expression_share_a_ring_and_books_without_one_have_none() -> None:
    shared = rule_of(count_of(CRITICAL, times=3), "other")
    book = RuleBook(rules=(counting(CRITICAL), shared), shadow=(counting("severity == 'high'"),))
    assert len(book.features.names) == 2
    assert book.features.by_kind.keys() == {ComplaintRaised}
    without = RuleBook(rules=(counting(None),))
    assert without.features == NO_FEATURES
    told = envelope(example(ComplaintRaised), 1)
    assert evolve(Facts(), told, without.contacts, without.features).rings.keys() == {"complaint"}
    assert "counts" not in definition_of(counting(None))["condition"]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ("severity = 'critical'", "line 1, column 10"),
        ("severty == 'critical'", "line 1, column 1"),
        ("severity ==\n 3", "line 1, column 10"),
        ("owner_id == 'li'", "undeclared reference"),
        ("severity", "must be true or false"),
        ("amount_minor > 1", "undeclared reference"),
        ("now() > 1", "undeclared reference"),
        ("x" * 1_001, "at most 1000 characters"),
        ("", "at least 1 character"),
        ("1/0 == 1", "fails on every event"),
        ("int(topic + 'x') > 1", "fails on every event"),
    ],
)
def test_an_expression_that_is_wrong_is_refused_with_its_place(counts: str, message: str) -> None:
    with pytest.raises(ValidationError) as found:
        TypeAdapter[Any](Definition).validate_python(definition(counts))
    [error] = found.value.errors()
    place = (*error["loc"], *getattr(error.get("ctx", {}).get("error"), "place", ()))
    assert place[-1] == "counts"
    assert message in error["msg"]


@pytest.mark.parametrize("counts", [FAILING, "{'low': 1, 'critical': 2}[severity] > 1", "int(topic) > 1"])
def test_an_expression_that_does_not_fail_on_every_event_is_allowed(counts: str) -> None:
    TypeAdapter[Any](Definition).validate_python(definition(counts))


def complaint(severity: Severity, at: float) -> Any:
    return envelope(example(ComplaintRaised, severity=severity), at)


def test_an_event_on_which_the_expression_fails_is_a_failure_until_it_would_not_count_any_more() -> None:
    count = count_of(FAILING, days=10)
    book = RuleBook(rules=(rule_of(count),))
    facts = Facts()
    told = [
        envelope(example(Registered), 0),
        complaint(Severity.CRITICAL, 5),
        complaint(Severity.HIGH, 6),
        complaint(Severity.CRITICAL, 3),
    ]
    for each in told:
        facts = evolve(facts, each, features=book.features)
    assert facts.failed[count.ring].event.at == day(5)
    assert len(facts.rings[count.ring]) == LENGTH
    [failure] = failures(facts, book, day(14)).values()
    assert failure.reason.en == "INVALID_ARGUMENT: divide by zero"
    assert failure.reason.zh == "表达式无法求值：INVALID_ARGUMENT: divide by zero"
    assert failure.over_at == day(15)
    assert failures(facts, book, day(15)) == {}
    lost = evolve(facts, envelope(StageChanged(previous=Stage.NEW, stage=Stage.LOST), 7))
    assert failures(lost, book, day(8)) == {}
    back = evolve(lost, envelope(StageChanged(previous=Stage.LOST, stage=Stage.NEW), 8))
    assert failures(back, book, day(9)) == {}


def test_the_failure_of_a_duplicate_is_one_of_the_survivor() -> None:
    count = count_of(FAILING)
    book = RuleBook(rules=(rule_of(count),))
    own = evolve(Facts(), envelope(example(Registered), 0))
    for at, other_at in ((4, 5), (5, 4)):
        facts = evolve(own, complaint(Severity.CRITICAL, at), features=book.features)
        other = evolve(own, complaint(Severity.CRITICAL, other_at), features=book.features)
        merged = with_absorbed(changed(facts, absorbed={uuid4(): other}))
        assert merged.failed[count.ring].event.at == day(5)


def test_rings_that_no_rule_counts_are_dropped() -> None:
    book = RuleBook(rules=(counting(FAILING), rule_of(count_of(CRITICAL), "other")))
    told = [envelope(example(Registered), 0), complaint(Severity.HIGH, 1), complaint(Severity.CRITICAL, 2)]
    [(customer_id, memory)] = fold(told, book, day(3)).items()
    facts = memory.facts
    assert facts.features == book.features.names
    assert list(facts.failed) == [count_of(FAILING).ring]
    fewer = RuleBook(rules=(counting(CRITICAL),))
    after = with_rings(customer_id, facts, fewer.features.names, {})
    assert (after.features, after.failed) == (fewer.features.names, {})
    assert after.rings.keys() == {"complaint", *fewer.features.names}
    assert with_rings(customer_id, after, (), {}).rings.keys() == {"complaint"}


def test_the_window_of_a_selection_ignores_other_events() -> None:
    count = count_of(CRITICAL, days=10)
    facts, book = Facts(), RuleBook(rules=(rule_of(count),))
    told = [
        envelope(example(Registered), 0),
        complaint(Severity.CRITICAL, 5),
        complaint(Severity.LOW, 6),
        complaint(Severity.CRITICAL, 9),
    ]
    for each in told:
        facts = evolve(facts, each, features=book.features)
    (stretch,) = count.stretches(facts, "Asia/Shanghai")
    assert (stretch.since.at, stretch.due_at, stretch.closes_at) == (day(5), day(9), day(5) + timedelta(days=10))
    assert stretch.measure == Measure(2, 2, Unit.COUNT)


def test_the_sentence_says_what_counts() -> None:
    words = sentence(counting(CRITICAL, times=3).model_copy(update={"description": None}))
    assert words.en == (
        "Opens at 3 events of this kind within 30 days: complaint, only those with: severity == 'critical';"
        " closes below it."
    )
    assert words.zh == "30 天内投诉（仅限满足条件的：severity == 'critical'）达到 3 次时触发，少于该次数后解除。"


def test_the_fields_of_a_signal_are_those_of_its_events() -> None:
    assert fields_of("complaint") == FIELDS[ComplaintRaised]
