"""What counts as a contact by a person: by content, and by the time at which a contact was recorded."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.versions.decider import version_of
from contracts.alerts import ContactDefinitionPublished
from contracts.alerts.contact_definition import MAX_LISTED
from contracts.event import Envelope
from contracts.examples import example, example_envelope
from contracts.followup import Channel, ContactLogged, Direction
from services.alerts.commands.contact_definition import PublishContactDefinition
from services.alerts.engine.absorbing import evolve_absorbed
from services.alerts.engine.contact_definition import ContactDefinition, definitions_of
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds import evolve
from services.alerts.engine.rings import times
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.customer_life import day


def command(**fields: Any) -> PublishContactDefinition:
    return PublishContactDefinition.model_validate({"outcomes": [], "reason": "A test"} | fields)


def version(**fields: Any) -> ContactDefinitionPublished:
    return version_of(ContactDefinitionPublished, command(**fields))


def contact(recorded: datetime | None = None, **fields: Any) -> Envelope[ContactLogged]:
    fields = {"outcome": None, "channel": "phone", "direction": "outbound", "automated": False} | fields
    return example_envelope(example(ContactLogged, **fields), recorded_at=recorded or day(0), occurred_at=day(-10))


CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({}, {"automated": True}, False),
    ({"automated": True}, {"automated": True}, True),
    ({"outcomes": ["busy"]}, {"outcome": "busy"}, False),
    ({"outcomes": ["busy"]}, {"outcome": "talked"}, True),
    ({"channels": ["email"]}, {}, False),
    ({"channels": ["email", "phone"]}, {}, True),
    ({"directions": ["inbound"]}, {}, False),
    ({"directions": ["outbound"]}, {}, True),
    ({"accounts": ["E7"]}, {"employee_id": "E7"}, False),
    ({"accounts": ["E7"]}, {"employee_id": "E8"}, True),
]


@pytest.mark.parametrize(("definition", "logged", "expected"), CASES)
def test_each_field_of_a_definition_excludes(
    definition: dict[str, Any], logged: dict[str, Any], expected: bool
) -> None:
    assert ContactDefinition.of(version(**definition)).counts(contact(**logged).event) is expected


# Voicemails count from day 5 on, and calls by phone do not from day 9 on.
CHANGED = definitions_of([(day(5), version()), (day(9), version(channels=["email"]))])
VOICEMAILS = {day(4.999): False, day(5): True, day(8.999): True, day(9): False}


@pytest.mark.parametrize(("recorded", "counts"), VOICEMAILS.items())
def test_a_contact_is_judged_by_the_definition_of_when_it_was_recorded(recorded: datetime, counts: bool) -> None:
    facts = evolve(Facts(), contact(recorded, outcome="voicemail"), CHANGED)
    assert (facts.last_contact is not None, len(times(facts.rings, "human-contact"))) == (counts, counts)
    assert len(times(facts.rings, "touch")) == 1


@pytest.mark.parametrize(("recorded", "counts"), VOICEMAILS.items())
def test_so_is_a_contact_with_a_duplicate(recorded: datetime, counts: bool) -> None:
    told = contact(recorded, outcome="voicemail")
    survivor = evolve_absorbed(Facts(), told, CHANGED)
    assert (survivor.absorbed[told.subject].last_contact is not None) == counts


def test_a_version_replaces_those_that_would_come_into_force_after_it() -> None:
    waiting = version(effective_from=day(20))
    phone, email = version(channels=["phone"]), version(channels=["email"], effective_from=day(8))
    found = definitions_of([(day(5), waiting), (day(6), phone), (day(7), email)])
    assert [since for since, _ in found.published] == [day(8), day(6)]
    assert [found.at(day(each)).channels for each in (5.5, 6, 8, 30)] == [
        frozenset(),
        {Channel.PHONE},
        {Channel.EMAIL},
        {Channel.EMAIL},
    ]


def test_without_versions_the_shipped_definition_is_in_force() -> None:
    assert definitions_of([]) == RuleBook(rules=()).contacts
    assert evolve(Facts(), contact(outcome="voicemail")).last_contact is None


def test_a_new_definition_starts_no_sweep() -> None:
    changed = DEFAULT_RULES.model_copy(update={"contacts": CHANGED})
    assert changed.fingerprint == DEFAULT_RULES.model_copy().fingerprint
    assert changed.only(DEFAULT_RULES.rules[0]).contacts is CHANGED


def test_the_order_of_entries_means_nothing() -> None:
    assert version(outcomes=["b", "a"]) == version(outcomes=["a", "b"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outcomes": ["busy", "busy"]}, "only once"),
        ({"channels": ["phone", "phone"]}, "only once"),
        ({"channels": ["pigeon"]}, "phone"),
        ({"directions": ["sideways"]}, "inbound"),
        ({"automated": "maybe"}, "boolean"),
        ({"outcomes": [f"o{each}" for each in range(MAX_LISTED + 1)]}, f"at most {MAX_LISTED} items"),
        ({"accounts": [f"E{each}" for each in range(MAX_LISTED + 1)]}, f"at most {MAX_LISTED} items"),
        ({"reason": ""}, "at least 1 character"),
    ],
)
def test_a_bad_definition_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        command(**fields)


def test_as_many_entries_as_are_allowed_are_accepted() -> None:
    assert len(command(outcomes=[f"o{each}" for each in range(MAX_LISTED)]).outcomes) == MAX_LISTED
    assert len(command(channels=list(Channel), directions=list(Direction)).channels) == len(Channel)
