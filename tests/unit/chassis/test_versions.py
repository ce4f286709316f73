"""Versioned configuration: numbers, unchanged content, and the version in force at an instant."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.commands.decider import RejectedError
from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.versions.decider import MAX_WAITING, Kind, Publish, Timeline, version_of
from chassis.versions.difference import Change, difference
from contracts.customer import SegmentPublished, SegmentRemoved, TagVocabularyPublished, TierSchemePublished
from contracts.examples import example
from contracts.followup import (
    CalendarPublished,
    ComplaintPolicyPublished,
    ContactFormPublished,
    FieldKind,
    FormField,
    PlanTemplatePublished,
    SurveyPolicyPublished,
)
from contracts.version import Published
from services.customer.commands import RemoveSegment
from services.customer.domain.segments import SEGMENT
from services.customer.domain.tags import TAG_VOCABULARY
from services.customer.domain.tier_scheme import TIER_SCHEME
from services.followup.commands import ContactForm
from services.followup.domain.calendar import CALENDAR
from services.followup.domain.complaint_policy import COMPLAINT_POLICY
from services.followup.domain.contact_form import CONTACT_FORM
from services.followup.domain.plan_template import PLAN_TEMPLATE
from services.followup.domain.survey import SURVEY_POLICY
from tests.support.spec import Spec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
A_DAY = timedelta(days=1)
UNHURRIED = settings(deadline=None)


def publish(version: Published, at: datetime = NOW, effective_from: datetime | None = None) -> Publish[Any]:
    return Publish(version=version.model_copy(update={"effective_from": effective_from}), at=at)


@dataclass(frozen=True)
class Case:
    """A kind, one version of it, and another one with different content."""

    kind: Kind[Any]
    one: Published
    other: Published

    @property
    def spec(self) -> Spec:
        return Spec(self.kind.decider)

    def numbered(self, number: int, effective_from: datetime | None = None) -> Published:
        return self.one.model_copy(update={"number": number, "effective_from": effective_from})


def case(kind: Kind[Any], one: Published, **different: Any) -> Case:
    return Case(kind, one, one.model_copy(update=different))


CASES = {
    "calendar": case(CALENDAR, example(CalendarPublished, closures=()), years=()),
    "complaint policy": case(COMPLAINT_POLICY, example(ComplaintPolicyPublished), consent_workdays=1),
    "survey policy": case(SURVEY_POLICY, example(SurveyPolicyPublished), rest_days=1),
    "plan template": case(PLAN_TEMPLATE, example(PlanTemplatePublished), once=True),
    "tag vocabulary": case(TAG_VOCABULARY, example(TagVocabularyPublished), tags=()),
    "tier scheme": case(TIER_SCHEME, example(TierSchemePublished), window_days=7),
    "contact form": case(CONTACT_FORM, example(ContactFormPublished), fields=()),
}
# A segment is in force at once: its request has no `effective_from`.
CASES["segment"] = case(SEGMENT, example(SegmentPublished), en="Others")
every_kind = pytest.mark.parametrize("of", CASES.values(), ids=list(CASES))
FORM = CASES["contact form"]


@every_kind
def test_each_publication_is_a_whole_version_with_the_next_number(of: Case) -> None:
    first = len(of.kind.shipped) + 1
    of.spec.given().when(publish(of.one)).then(of.numbered(first))
    of.spec.given(of.other.model_copy(update={"number": 4})).when(publish(of.one)).then(of.numbered(5))


@every_kind
def test_publishing_unchanged_content_records_nothing_new(of: Case) -> None:
    of.spec.given(of.numbered(4)).when(publish(of.one)).then()
    of.spec.given(of.numbered(4)).when(publish(of.one, effective_from=NOW + A_DAY)).then()


@every_kind
def test_a_version_may_come_into_force_later(of: Case) -> None:
    later = NOW + A_DAY
    of.spec.given(of.other).when(publish(of.one, effective_from=later)).then(of.numbered(of.other.number + 1, later))
    timeline = of.kind.decider.fold(Timeline(), [of.other, of.numbered(of.other.number + 1, later)])
    name = of.kind.name_of(of.one)
    assert of.kind.in_force(timeline, name, later - timedelta(microseconds=1)) == of.other
    assert of.kind.in_force(timeline, name, later) == of.numbered(of.other.number + 1, later)


@every_kind
def test_no_version_comes_into_force_before_it_is_published(of: Case) -> None:
    too_early = publish(of.one, effective_from=NOW - timedelta(microseconds=1))
    of.spec.given(of.other).when(too_early).then_rejected("effective-in-past")
    of.spec.given(of.other).when(publish(of.one, effective_from=NOW)).then(of.numbered(of.other.number + 1, NOW))


def test_the_shipped_version_is_the_first_and_publishing_it_records_nothing_new() -> None:
    CASES["calendar"].spec.given().when(publish(SHIPPED[CHINA_OFFICE])).then()
    assert CALENDAR.in_force(Timeline(), CHINA_OFFICE, NOW) == SHIPPED[CHINA_OFFICE]
    assert CALENDAR.in_force(Timeline(), "call-centre", NOW) is None
    other = SHIPPED[CHINA_OFFICE].model_copy(update={"name": "call-centre"})
    CASES["calendar"].spec.given().when(publish(other)).then(other.model_copy(update={"number": 1}))


def test_a_waiting_version_can_be_brought_forward_and_repeating_it_records_nothing_new() -> None:
    waits = FORM.numbered(1, NOW + A_DAY)
    FORM.spec.given(waits).when(publish(FORM.one, effective_from=NOW + A_DAY)).then()
    FORM.spec.given(waits).when(publish(FORM.one)).then(FORM.numbered(2))
    # Repeated once the version is in force, the request still changes nothing.
    FORM.spec.given(waits).when(publish(FORM.one, NOW + 2 * A_DAY, NOW + A_DAY)).then()


def test_publishing_the_version_in_force_again_cancels_the_waiting_one() -> None:
    facts = [FORM.numbered(1), FORM.other.model_copy(update={"number": 2, "effective_from": NOW + A_DAY})]
    FORM.spec.given(*facts).when(publish(FORM.one)).then(FORM.numbered(3))
    timeline = CONTACT_FORM.decider.fold(Timeline(), [*facts, FORM.numbered(3)])
    assert CONTACT_FORM.in_force(timeline, "quote", NOW + 2 * A_DAY) == FORM.numbered(3)


def test_a_removed_version_is_not_in_force_and_its_numbers_continue() -> None:
    segment = CASES["segment"]
    name = SEGMENT.name_of(example(SegmentPublished))
    facts = [segment.numbered(1), segment.numbered(2), SegmentRemoved(name=name)]
    assert SEGMENT.in_force(SEGMENT.decider.fold(Timeline(), facts), name, NOW) is None
    segment.spec.given(*facts).when(RemoveSegment(name=name)).then()
    segment.spec.given(*facts).when(publish(segment.one)).then(segment.numbered(3))


def test_the_number_of_waiting_versions_is_limited() -> None:
    facts = [FORM.other] + [FORM.numbered(1 + n, NOW + n * A_DAY) for n in range(1, MAX_WAITING)]
    last = NOW + MAX_WAITING * A_DAY
    changed = publish(FORM.other, effective_from=last)
    (waits,) = CONTACT_FORM.decide(CONTACT_FORM.decider.fold(Timeline(), facts), changed)
    again = publish(FORM.one, effective_from=last + A_DAY)
    FORM.spec.given(*facts, waits).when(again).then_rejected("too-many-versions-wait")
    # A version with an earlier effective time replaces the later ones.
    FORM.spec.given(*facts, waits).when(publish(FORM.one, effective_from=last)).then(
        FORM.numbered(MAX_WAITING + 2, last)
    )
    # Once one of them is in force, another may wait, and the version in force is still known.
    timeline = CONTACT_FORM.decider.fold(Timeline(), [*facts, waits])
    assert CONTACT_FORM.in_force(timeline, "quote", NOW) == FORM.other
    assert CONTACT_FORM.decide(timeline, publish(FORM.one, NOW + A_DAY, last + A_DAY))


publications = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.none() | st.integers(-1, 12)), min_size=1, max_size=40
)


@UNHURRIED
@given(publications, st.integers(0, 90))
def test_the_version_in_force_is_the_highest_number_that_is_effective(
    asked: list[tuple[int, str, int | None]], days_later: int
) -> None:
    decider, at = CONTACT_FORM.decider, NOW
    known: list[tuple[datetime, Any]] = []
    for passed, name, ahead in asked:
        at += passed * A_DAY
        effective_from = None if ahead is None else at + ahead * A_DAY
        timeline = decider.fold(Timeline(), [each for _, each in known])
        with contextlib.suppress(RejectedError):
            known += [(at, each) for each in decider.decide(timeline, publish(form(name), at, effective_from))]
    then = NOW + days_later * A_DAY
    published = [(at, each) for at, each in known if at <= then]
    come = [each for at, each in published if (each.effective_from or at) <= then]

    timeline = decider.fold(Timeline(), [each for _, each in published])

    assert CONTACT_FORM.in_force(timeline, "visit", then) == (come[-1] if come else None)
    assert [each.number for _, each in known] == list(range(1, len(known) + 1))


def form(field: str) -> ContactFormPublished:
    return version_of(
        ContactFormPublished, ContactForm.model_validate({"fields": [{"name": field, "kind": "text"}]}), purpose="visit"
    )


def test_a_version_has_the_complete_content_of_its_command() -> None:
    assert form("mood") == ContactFormPublished(
        purpose="visit", number=1, fields=(FormField(name="mood", kind=FieldKind.TEXT),)
    )


def test_a_difference_names_each_field_by_its_pointer() -> None:
    one = form("mood").model_copy(update={"number": 2})
    field = FormField(name="mood", kind=FieldKind.CHOICE, choices=("good", "bad"))
    other = one.model_copy(update={"number": 5, "fields": (field, field), "effective_from": NOW})

    found = difference(one, other)

    assert (found.from_number, found.to_number) == (2, 5)
    assert found.changes == [
        Change(path="/fields/0/kind", before="text", after="choice"),
        Change(path="/fields/0/choices/0", before=None, after="good"),
        Change(path="/fields/0/choices/1", before=None, after="bad"),
        Change(path="/fields/1", before=None, after=field.model_dump(mode="json")),
    ]
    assert difference(other, one).changes[0] == Change(path="/fields/0/kind", before="choice", after="text")
    assert difference(one, one.model_copy(update={"number": 3})).changes == []


def test_a_name_with_a_slash_is_escaped_in_a_pointer() -> None:
    class Free(Published):
        type: str = "free"
        by: dict[str, int]

    one, other = Free(number=1, by={"a/b~c": 1}), Free(number=2, by={"a/b~c": 2})
    assert [each.path for each in difference(one, other).changes] == ["/by/a~1b~0c"]
