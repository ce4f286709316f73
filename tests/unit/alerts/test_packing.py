"""The stored form of the memory, and what builds before 20261130060000 stored."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import DecodeError, structs

from contracts.examples import example
from contracts.followup import ContactLogged
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.packing import packed, unpacked
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.rings import chunks, occurrence_of
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.customer_life import day, envelope

# Written by the build before: a customer with 45 events, and what was open two years later.
OLD = (Path(__file__).parent / "memory_in_json.json").read_bytes()

# Written by the last build that had three rules, whose open episodes were whole alerts: one of each rule.
OF_THREE_RULES = (Path(__file__).parent / "memory_of_three_rules.json").read_bytes()
OLD_CUSTOMER = UUID(int=1, version=4)


def test_what_the_build_with_three_rules_has_open_is_neither_lost_nor_raised_again() -> None:
    state, written = unpacked(OF_THREE_RULES), json.loads(OF_THREE_RULES)["open"]
    assert {key: (each.rule_id, each.owner_id) for key, each in state.open.items()} == {
        key: (alert["rule_id"], alert["owner_id"]) for key, alert in written.items()
    }
    memory, rules = EMPTY.with_state(state).due_by(day(0), day(0)), DEFAULT_RULES
    _, again = raise_due(OLD_CUSTOMER, memory.with_open({}), rules, day(21), day(21))
    assert {str(each.alert_id) for each in again} >= written.keys()
    for at in (day(21), day(90)):
        memory, changes = raise_due(OLD_CUSTOMER, memory, rules, at, at)
        assert {str(each.alert_id) for each in changes}.isdisjoint(written)
        assert memory.state.open.keys() >= written.keys()
    called = envelope(example(ContactLogged, automated=False), 91, stream=uuid4())
    memory, ended = receive(OLD_CUSTOMER, memory, [called], rules, day(91))
    assert [str(change.alert_id) for change, _ in ended if str(change.alert_id) in written] == [
        key for key, alert in written.items() if alert["rule_id"] == "inactivity"
    ]
    assert unpacked(packed(memory.state)) == unjudged(memory.state)


def test_the_memory_of_an_earlier_build_is_read_without_a_difference() -> None:
    state, written = unpacked(OLD), json.loads(OLD)
    assert {str(each.alert_id) for each in state.open.values()} == written["open"].keys()
    assert {str(each.concerns_id) for each in state.facts.tasks.values()} == {
        each["concerns_id"] for each in written["facts"]["tasks"].values()
    }
    for name, stored in fields(written["facts"]).items():
        assert getattr(state.facts, name) not in (None, {}, ()), (name, stored)
    orders = list(map(occurrence_of, chunks(state.facts.rings, "order")))
    assert orders[-1] == state.facts.signals["order"]
    humans = list(map(occurrence_of, chunks(state.facts.rings, "human-contact")))
    assert humans[-1] == state.facts.last_contact
    assert len(humans) == len(written["facts"]["rings"]["human-contact"]) // 32


def test_a_duplicate_in_the_memory_of_an_earlier_build_is_read() -> None:
    duplicate, facts = UUID(int=7, version=4), json.loads(OLD)["facts"]
    state = unpacked(json.dumps({"facts": {"absorbed": {str(duplicate): facts}}}).encode())
    assert state.facts == Facts(absorbed={duplicate: unpacked(OLD).facts})


def test_a_state_is_read_as_it_was_written() -> None:
    state = unpacked(OLD)
    assert unpacked(packed(state)) == unjudged(state)


def test_equal_states_have_equal_bytes_whatever_the_order_of_their_keys() -> None:
    state = unpacked(OLD)
    facts: dict[str, Any] = {name: getattr(state.facts, name) for name in Facts.__struct_fields__}
    turned: dict[str, Any] = {name: turn(value) if isinstance(value, dict) else value for name, value in facts.items()}
    assert sum(len(value) > 1 for value in facts.values() if isinstance(value, dict)) >= 4
    for each, other in ((state.facts, Facts(**turned)), (Facts(absorbed=TWO), Facts(absorbed=turn(TWO)))):
        assert list(map(packed, (CustomerState(other), CustomerState(each)))) == [packed(CustomerState(each))] * 2
    assert packed(CustomerState(open=turn(state.open))) == packed(CustomerState(open=state.open))


TWO = {UUID(int=number): Facts(profile={"b": "1", "a": "2"}) for number in (1, 2)}


def turn(mapping: dict[Any, Any]) -> dict[Any, Any]:
    """Return an equal mapping in another order, and so with its values."""
    return {key: turn(each) if isinstance(each, dict) else each for key, each in reversed(mapping.items())}


def unjudged(state: CustomerState) -> CustomerState:
    """Return a state as its bytes have it: when it was judged is stored beside them."""
    return structs.replace(state, judged_until=None)


def test_a_damaged_state_is_refused() -> None:
    with pytest.raises(DecodeError):
        unpacked(packed(unpacked(OLD))[:-1])


def fields(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in facts.items() if each}


def test_needs_may_have_the_names_of_fields() -> None:
    stated = [{"cause": str(UUID(int=1)), "at": "2026-01-03T00:00:00Z"}]
    state = unpacked(json.dumps({"facts": {"needs": {"at": stated, "cause": stated}}}).encode())
    assert state.facts.needs.keys() == {"at", "cause"}
    assert [each.cause for each in state.facts.needs["at"]] == [UUID(int=1)]
