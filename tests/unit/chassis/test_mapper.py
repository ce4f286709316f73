"""The stored state of an event: what is written is exactly what the checked model would write, and is read back."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from chassis.store.mapper import EventMapper, RecordedEvent, State
from contracts.event import Envelope, Metadata, Origin
from contracts.examples import EXAMPLES

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
WORDS = st.text('aé安 -|𠮷"\\/', min_size=1, max_size=20).filter(str.strip).map(str.strip)
ORIGINS = st.builds(Origin, batch_id=st.uuids(), row=st.integers(1, 10**6))
METADATA = st.builds(
    Metadata,
    actor=WORDS,
    correlation_id=WORDS,
    causation_id=st.none() | st.uuids(),
    traceparent=st.none() | st.just("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    origin=st.none() | ORIGINS,
)


def envelope_of(event: Any, metadata: Metadata, at: datetime, event_id: UUID | None = None) -> Envelope[Any]:
    return Envelope(event_id or uuid4(), uuid4(), uuid4(), 1, 7, at, AT, metadata, event)


@given(st.sampled_from([*EXAMPLES.values()]), METADATA, st.datetimes(timezones=ZONES), st.uuids())
def test_a_state_is_written_as_the_checked_model_writes_it_and_is_read_back(
    event: Any, metadata: Metadata, at: datetime, event_id: UUID
) -> None:
    envelope, mapper = envelope_of(event, metadata, at, event_id), EventMapper()

    stored = mapper.to_new_event(envelope)

    assert stored.state == State.model_validate_json(stored.state).model_dump_json(exclude_none=True).encode()
    row = RecordedEvent(
        id=7,
        originator_id=envelope.stream_id,
        originator_version=1,
        topic=stored.topic,
        state=stored.state,
        subject=envelope.subject,
        recorded_at=AT,
    )
    assert mapper.to_envelope(row) == envelope
