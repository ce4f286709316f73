"""Bitemporal queries: each result equals that of a slow, plain fold."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chassis.http.as_of import AsOf
from contracts import customer
from contracts.event import Envelope, Metadata

START = datetime(2024, 6, 3, tzinfo=UTC)
CUSTOMER = UUID(int=1)
METADATA = Metadata(actor="E1", correlation_id="c")


def fact(number: int, occurred: int, recorded: int) -> Envelope[Any]:
    event = customer.ProfileChanged(region=f"r{number}")
    at, known = START + timedelta(days=occurred), START + timedelta(days=recorded)
    return Envelope(UUID(int=number), CUSTOMER, CUSTOMER, number, number, at, known, METADATA, event)


def trail(row: str | None, envelope: Envelope[Any]) -> str:
    return f"{row or ''}{envelope.event.region}"


def folded(as_of: AsOf, stream: list[Envelope[Any]]) -> str | None:
    row = None
    for envelope in as_of.in_order([each for each in stream if as_of.includes(each)]):
        row = trail(row, envelope)
    return row


@st.composite
def streams(draw: st.DrawFn) -> list[Envelope[Any]]:
    """A stream in the order of recording; each event occurred some time before it was recorded."""
    recorded = sorted(draw(st.lists(st.integers(0, 30), min_size=1, max_size=12)))
    late = draw(st.lists(st.integers(0, 10), min_size=len(recorded), max_size=len(recorded)))
    return [fact(n, day - lag, day) for n, (day, lag) in enumerate(zip(recorded, late, strict=True), 1)]


DAYS = st.one_of(st.none(), st.integers(-12, 35).map(lambda day: START + timedelta(days=day)))


@given(streams(), DAYS, DAYS)
def test_any_query_has_the_result_of_a_plain_fold(
    stream: list[Envelope[Any]], occurred_by: datetime | None, recorded_by: datetime | None
) -> None:
    far = START + timedelta(days=99)
    known = [each for each in stream if each.recorded_at <= (recorded_by or far)]
    so = [each for each in known if each.occurred_at <= (occurred_by or far)]
    if occurred_by is not None:
        so = so[:1] + sorted(so[1:], key=lambda each: each.occurred_at)
    expected = None
    if stream[0] in so:
        for each in so:
            expected = trail(expected, each)
    assert folded(AsOf(occurred_by, recorded_by), stream) == expected


@given(streams(), st.integers(0, 30))
def test_a_late_entry_changes_the_state_by_occurrence_and_not_by_recording(
    stream: list[Envelope[Any]], day: int
) -> None:
    then = START + timedelta(days=day)
    late = fact(len(stream) + 1, day, 40)
    known, so = AsOf(recorded_by=then), AsOf(occurred_by=then)
    assert folded(known, [*stream, late]) == folded(known, stream)
    if stream[0].occurred_at <= then:
        assert folded(so, [*stream, late]) != folded(so, stream)


def test_a_query_without_an_instant_is_about_now() -> None:
    assert not AsOf().is_past
    assert AsOf(recorded_by=START).is_past
