"""What the list of complaints shows after one event or another."""

from datetime import timedelta
from uuid import UUID

import pytest

from contracts.examples import OCCURRED_AT, example, example_envelope
from contracts.followup import ComplaintAnswered, ComplaintClosed, ComplaintConfirmed, ComplaintRaised
from services.followup.domain import complaint
from services.followup.projection.complaints import ComplaintRow, project

FIRST_ANSWER = UUID(int=1)
SECOND_ANSWER = UUID(int=2)


def complaint_row(*events: complaint.Event) -> ComplaintRow:
    row = None
    for version, event in enumerate(events, 1):
        at = OCCURRED_AT + timedelta(hours=version)
        row = project(row, example_envelope(event, version=version, occurred_at=at))
    assert row is not None
    return row


def test_a_complaint_shows_each_step_with_its_time() -> None:
    row = complaint_row(
        example(ComplaintRaised),
        example(ComplaintAnswered, content_ref=FIRST_ANSWER),
        example(ComplaintAnswered, content_ref=SECOND_ANSWER),
        example(ComplaintConfirmed),
        example(ComplaintClosed),
    )

    assert (row.state, row.resolution, row.version) == ("closed", "replaced", 5)
    assert row.answer_refs == [FIRST_ANSWER, SECOND_ANSWER]
    assert row.raised_at < (row.answered_at or row.raised_at) < (row.confirmed_at or row.raised_at)
    assert row.answered_at == OCCURRED_AT + timedelta(hours=2)
    assert row.closed_at == OCCURRED_AT + timedelta(hours=5)


@pytest.mark.parametrize("event", [ComplaintAnswered, ComplaintConfirmed, ComplaintClosed])
def test_a_complaint_without_a_beginning_is_a_fault(event: type[complaint.Event]) -> None:
    with pytest.raises(LookupError):
        complaint_row(example(event))
