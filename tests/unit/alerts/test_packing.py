"""The stored form of the memory, and what builds before 20261130060000 stored."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec import DecodeError

from services.alerts.detection.packing import packed, unpacked
from services.alerts.engine.facts import Facts
from services.alerts.engine.rings import occurrences

# Written by the build before: a customer with 45 events, and what was open two years later.
OLD = (Path(__file__).parent / "memory_in_json.json").read_bytes()


def test_the_memory_of_an_earlier_build_is_read_without_a_difference() -> None:
    state, written = unpacked(OLD), json.loads(OLD)
    assert {str(each.alert_id) for each in state.open.values()} == written["open"].keys()
    assert {str(each.concerns_id) for each in state.facts.tasks.values()} == {
        each["concerns_id"] for each in written["facts"]["tasks"].values()
    }
    for name, stored in fields(written["facts"]).items():
        assert getattr(state.facts, name) not in (None, {}, ()), (name, stored)
    orders = occurrences(state.facts.rings, "order", slice(None))
    assert orders[-1] == state.facts.signals["order"]
    humans = occurrences(state.facts.rings, "human-contact", slice(None))
    assert humans[-1] == state.facts.last_contact
    assert len(humans) == len(written["facts"]["rings"]["human-contact"]) // 32


def test_a_duplicate_in_the_memory_of_an_earlier_build_is_read() -> None:
    duplicate, facts = UUID(int=7, version=4), json.loads(OLD)["facts"]
    state = unpacked(json.dumps({"facts": {"absorbed": {str(duplicate): facts}}}).encode())
    assert state.facts == Facts(absorbed={duplicate: unpacked(OLD).facts})


def test_a_state_is_read_as_it_was_written() -> None:
    state = unpacked(OLD)
    assert unpacked(packed(state)) == state


def test_a_damaged_state_is_refused() -> None:
    with pytest.raises(DecodeError):
        unpacked(packed(unpacked(OLD))[:-1])


def fields(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in facts.items() if each}
