"""A snapshot restores the state itself, for every decider of the services and of versioned configuration."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services
from chassis.commands.decider import Decider
from chassis.commands.state_codec import codec_of
from chassis.versions.decider import Kind
from contracts.event import Event
from contracts.examples import EXAMPLES, OCCURRED_AT, example
from contracts.version import Published
from services.customer.domain import CUSTOMER
from tests.support.restored import require_restored

SERVICES = ("customer", "followup", "alerts")
SOURCES = Path(services.__file__).parent
HANDLER = re.compile(r"CommandHandler\((?:needs\.)?store, ([A-Z_]+),")


def named(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield everything of this kind that a domain module defines, with its name."""
    for service in SERVICES:
        domain = f"{services.__name__}.{service}.domain"
        paths = importlib.import_module(domain).__path__
        for name in (domain, *(each.name for each in pkgutil.iter_modules(paths, f"{domain}."))):
            defined = vars(importlib.import_module(name))
            yield from ((key, each) for key, each in defined.items() if isinstance(each, kind))


DECIDERS: dict[str, Decider[Any]] = dict(named(Decider))
KINDS: dict[str, Kind[Any]] = dict(named(Kind))


def events_of(decider: Decider[Any]) -> list[type[Event]]:
    """Return the types of the events that a decider's states result from."""
    *_, event = [hint for name, hint in get_type_hints(decider.evolve).items() if name != "return"]
    return [each for each in flat(event) if issubclass(each, Event)]


def flat(union: Any) -> Iterator[type[Any]]:
    if parts := get_args(union):
        for part in parts:
            yield from flat(part)
    elif isinstance(union, type):
        yield union


@pytest.mark.parametrize("name", DECIDERS)
def test_the_state_after_each_example_is_restored(name: str) -> None:
    decider = DECIDERS[name]
    state = decider.initial
    require_restored(decider, state)
    for event in events_of(decider):
        state = decider.evolve(state, EXAMPLES[event])
        require_restored(decider, state)


@given(st.data())
@pytest.mark.parametrize("name", DECIDERS)
def test_the_state_after_any_history_is_restored(name: str, data: st.DataObject) -> None:
    decider = DECIDERS[name]
    first, *others = events_of(decider)
    later = data.draw(st.lists(st.sampled_from([first, *others]), max_size=12))
    require_restored(decider, decider.fold(decider.initial, [EXAMPLES[each] for each in (first, *later)]))


@pytest.mark.parametrize("name", KINDS)
def test_the_versions_of_a_configuration_are_restored(name: str) -> None:
    decider = KINDS[name].decider
    for each in published():
        version = example(each)
        later = version.model_copy(update={"number": version.number + 1, "effective_from": OCCURRED_AT})
        require_restored(decider, decider.fold(decider.initial, [version, later]))


def published() -> list[type[Published]]:
    return [each for each in EXAMPLES if issubclass(each, Published)]


def test_every_state_of_the_product_is_tested_here() -> None:
    """Each command handler takes one of these deciders."""
    used = {match for path in SOURCES.rglob("*.py") for match in HANDLER.findall(path.read_text(encoding="utf-8"))}
    assert used == DECIDERS.keys()
    assert KINDS.keys() >= {"CALENDAR", "SEGMENT", "SURVEY_POLICY"}


def test_a_state_that_is_none_is_restored_as_none() -> None:
    require_restored(DECIDERS["ORDER"], None)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"stage": "unheard-of"}', b"\xff"])
def test_what_is_no_state_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        codec_of(CUSTOMER).decode(data)
