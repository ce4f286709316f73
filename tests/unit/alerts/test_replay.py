"""Which episodes a rule would have begun in the past, and in which weeks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from msgspec import structs

from contracts.alerts import AlertSeverity, ContactDefinitionPublished
from contracts.customer import CustomerErased, OwnerAssigned, Registered
from contracts.event import Envelope, Event, Metadata, Origin
from contracts.examples import example, example_envelope
from contracts.followup import ComplaintRaised, ContactLogged
from services.alerts.detection import past
from services.alerts.detection.past import WEEKS, Weeks
from services.alerts.detection.replay import episodes_of
from services.alerts.engine.contact_definition import SHIPPED_CONTACTS, ContactDefinitions, definitions_of
from services.alerts.engine.episode import Episode
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count, Silence
from services.alerts.engine.words import Words

START, NOW = datetime(2025, 6, 2, 4, tzinfo=UTC), datetime(2025, 9, 1, 4, tzinfo=UTC)
WEEKLY = Silence(signals=("human-contact",), days={"follow-up": {"others": 7}})
TWICE = Count(signal="complaint", times=2, days=7)
FILE = Metadata(actor="files", correlation_id="x", origin=Origin(batch_id=UUID(int=1), row=2))


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def fact(event: Event, occurred: float, recorded: float | None = None, **others: Any) -> Envelope[Any]:
    at, known = day(occurred), day(occurred if recorded is None else recorded)
    return example_envelope(event, id=uuid4(), stream_id=uuid4(), occurred_at=at, recorded_at=known, **others)


def contact(occurred: float, recorded: float | None = None, **others: Any) -> Envelope[Any]:
    return fact(example(ContactLogged, channel="phone", direction="outbound"), occurred, recorded, **others)


def begun(
    condition: Any, *facts: Envelope[Any], now: datetime = NOW, contacts: ContactDefinitions = SHIPPED_CONTACTS
) -> list[Episode]:
    rule = Rule(
        id="calls",
        version=1,
        title=Words("Nobody calls", "没有人联系"),
        severities={"others": AlertSeverity.WARNING},
        condition=condition,
    )
    told = [fact(example(Registered), 0), fact(example(OwnerAssigned, owner_id="E1"), 0), *facts]
    return [each for found in episodes_of(told, RuleBook(rules=(rule,), contacts=contacts), now) for each in found]


def days(found: Sequence[Episode]) -> list[float]:
    return [(each.starts_at - START) / timedelta(days=1) for each in found]


def test_each_silence_that_was_due_before_the_next_contact_counts_once() -> None:
    assert days(begun(WEEKLY, contact(3), contact(9), contact(30), contact(31))) == [16, 38]


def test_a_contact_counts_as_it_was_defined_when_it_was_recorded() -> None:
    nobody = ContactDefinitionPublished(number=2, accounts=("E7",), reason="A program")
    told = [contact(each, recorded) for each, recorded in ((3, None), (9, None), (15, None), (16, 19))]
    by_program = [replace(each, event=each.event.model_copy(update={"employee_id": "E7"})) for each in told]
    assert days(begun(WEEKLY, *by_program, now=day(20))) == []
    assert days(begun(WEEKLY, *by_program, now=day(20), contacts=definitions_of([(day(10), nobody)]))) == [16]


def test_a_contact_at_the_instant_at_which_it_is_due_is_not_too_late_for_the_next_one() -> None:
    assert days(begun(WEEKLY, contact(6.9), now=day(13))) == []
    assert days(begun(WEEKLY, contact(6.9), now=day(14))) == [13.9]


def test_a_contact_recorded_late_moves_an_open_episode_and_begins_none() -> None:
    assert days(begun(WEEKLY, contact(5, 20), now=day(21))) == [7]


def test_what_a_file_brings_counts_as_known_when_it_occurred() -> None:
    imported = [contact(each, 80, metadata=FILE) for each in (5, 10, 15)]
    assert days(begun(WEEKLY, *imported, now=day(81))) == [22]


def test_a_count_that_is_over_still_counts() -> None:
    complaints = [fact(example(ComplaintRaised), each) for each in (10, 11, 12, 40, 41)]
    assert days(begun(TWICE, *complaints)) == [11, 41]


def test_an_erased_customer_begins_nothing_more() -> None:
    assert days(begun(WEEKLY, fact(example(CustomerErased), 20))) == [7]
    assert days(begun(WEEKLY, fact(example(CustomerErased), 5))) == []


def test_an_episode_that_was_known_before_its_owner_is_that_of_the_owner_of_then_or_of_the_first_one() -> None:
    ownerless = structs.replace(begun(WEEKLY, now=day(8))[0], owner_id=None)
    at = ownerless.starts_at
    minute = timedelta(minutes=1)
    cases: list[tuple[list[tuple[datetime, str]], str | None]] = [
        ([], None),
        ([(at - minute, "E1"), (at, "E2"), (at + minute, "E3")], "E2"),
        ([(at + minute, "E3"), (at + 2 * minute, "E4")], "E3"),
    ]
    for owners, expected in cases:
        assert past.addressed(ownerless, owners).owner_id == expected
    owned = structs.replace(ownerless, owner_id="E9")
    assert past.addressed(owned, cases[1][0]).owner_id == "E9"


def test_weeks_are_those_of_the_business_zone_and_empty_ones_are_included() -> None:
    """2025-08-24T16:00Z is the Monday 2025-08-25 in the business zone."""
    weeks = Weeks(NOW)
    weeks.add(begun(WEEKLY, now=day(8)))
    found = weeks.preview(1, 3)
    assert len(found.weeks) == WEEKS
    assert (found.weeks[0].begins_on, found.weeks[-1].begins_on) == (date(2025, 6, 16), date(2025, 9, 1))
    assert (found.weeks[-1].week, sum(each.count for each in found.weeks)) == ("2025-W36", 0)
    before, after = datetime(2025, 8, 24, 15, 59, tzinfo=UTC), datetime(2025, 8, 24, 16, tzinfo=UTC)
    assert (past.monday(before), past.monday(after)) == (date(2025, 8, 18), date(2025, 8, 25))


def test_the_owners_with_the_most_are_named_and_the_rest_is_summed(monkeypatch: Any) -> None:
    monkeypatch.setattr(past, "MAX_OWNERS", 1)
    weeks = Weeks(day(20))
    weeks.add(begun(WEEKLY, contact(8), now=day(20)))
    # An alert that is raised again is one episode.
    weeks.add(2 * begun(WEEKLY, fact(example(OwnerAssigned, owner_id="E2"), 1), now=day(20)))
    found = weeks.preview(2, 2)
    assert [(each.owner_id, each.counts[-2:]) for each in found.owners] == [("E1", [1, 1])]
    assert (found.other_owners[-2:], [each.count for each in found.weeks][-2:]) == ([1, 0], [2, 1])
