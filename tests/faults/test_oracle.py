"""Tests of the invariants: each detects evidence that violates it, and valid evidence passes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest

from contracts.alerts import AlertRaised
from contracts.customer import ProfileChanged
from contracts.event import Envelope, Metadata
from contracts.examples import CUSTOMER_ID, example
from tests.faults.support import oracle
from tests.faults.support.ledger import LOST, Attempt, Ledger, Outcome, Reply
from tests.faults.support.oracle import Applied, Published

START = datetime(2026, 1, 5, tzinfo=UTC)


def fact(position: int, *, command: str = "", event: Any = None, version: int = 0) -> Envelope[Any]:
    at = START + timedelta(seconds=position)
    metadata = Metadata(actor="tests", correlation_id=command or f"cmd-{position}")
    known = event or ProfileChanged(industry="x")
    return Envelope(
        uuid5(CUSTOMER_ID, str(position)),
        CUSTOMER_ID,
        CUSTOMER_ID,
        version or position,
        position,
        at,
        at,
        metadata,
        known,
    )


def acked(command: str, version: int) -> Attempt:
    return Attempt(command, Reply(Outcome.ACKED, 200, f'{{"id": "{CUSTOMER_ID}", "version": {version}}}'))


def record(of: Envelope[Any], previous: int, offset: int) -> Published:
    return Published(0, offset, of.id, of.subject, of.stream_id, of.version, of.position, previous)


STORED = [fact(1), fact(2), fact(3)]
ATTEMPTS = [acked("cmd-1", 1), acked("cmd-2", 2), Attempt("cmd-3", LOST), acked("cmd-2", 2)]
TOPIC = [record(each, each.position - 1, each.position) for each in STORED]
EFFECTS = [Applied(each.id, each.subject, each.position) for each in STORED]
ALERT = fact(4, event=example(AlertRaised))
KEY = ALERT.event.dedup_key
COPIED = [each.id for each in STORED]


def test_valid_evidence_passes() -> None:
    again = [*TOPIC, *(replace(each, offset=each.offset + 10) for each in TOPIC)]
    oracle.hold(
        oracle.acknowledged_is_stored_once(ATTEMPTS, STORED),
        oracle.refused_has_no_effect(ATTEMPTS, STORED),
        oracle.copy_is_kept(COPIED, [*STORED, fact(4)]),
        oracle.store_is_in_order(STORED),
        oracle.same_rows("customer", {1: "a"}, {1: "a"}),
        oracle.applied_once(STORED, EFFECTS),
        oracle.topic_is_complete(STORED, again),
        oracle.alerts_are_raised_once([KEY], [ALERT], [record(ALERT, 3, 4)]),
        oracle.never_back({"cursor": [1, 2, 2, 3]}, 3),
        oracle.cursor_is_published("topic", {0: 2, 1: 0}, {0: 3}),
    )


def test_a_violation_fails_the_test_that_holds_it() -> None:
    with pytest.raises(AssertionError, match="1 violations"):
        oracle.hold([], ["I1: something is lost"])


def wrong_evidence() -> dict[str, list[str]]:
    two_answers = [*ATTEMPTS, acked("cmd-1", 2)]
    refused = [*ATTEMPTS[:2], Attempt("cmd-3", Reply(Outcome.REFUSED, 409))]
    twice = [*STORED, fact(4, command="cmd-1")]
    swapped = [replace(TOPIC[0], offset=2), replace(TOPIC[1], offset=1), TOPIC[2]]
    return {
        "I1 an acknowledged event is lost": oracle.acknowledged_is_stored_once(ATTEMPTS, STORED[1:]),
        "I1 a retry had a second effect": oracle.acknowledged_is_stored_once(ATTEMPTS, twice),
        "I1 a retry was answered otherwise": oracle.acknowledged_is_stored_once(two_answers, STORED),
        "I2 a refused command had an effect": oracle.refused_has_no_effect(refused, STORED),
        "I2 nobody asked for an event": oracle.refused_has_no_effect(ATTEMPTS[:2], STORED),
        "I2 an unknown attempt had two effects": oracle.refused_has_no_effect(
            ATTEMPTS, [*STORED, fact(4, command="cmd-3")]
        ),
        "I1 an event of the copy is missing": oracle.copy_is_kept(COPIED, STORED[:2]),
        "I1 the store has another event than the copy": oracle.copy_is_kept(COPIED, [*STORED[:2], fact(4)]),
        "P2 a position is missing": oracle.store_is_in_order([STORED[0], STORED[2]]),
        "P2 a version came twice": oracle.store_is_in_order([fact(1), fact(2, version=1)]),
        "P2 time went back": oracle.store_is_in_order([fact(1), replace(fact(2), recorded_at=START)]),
        "I3 a row is missing": oracle.same_rows("customer", {1: "a"}, {}),
        "I3 a row came from nowhere": oracle.same_rows("customer", {}, {1: "a"}),
        "I3 a row is wrong": oracle.same_rows("customer", {1: "a"}, {1: "b"}),
        "I3 an event had two effects": oracle.applied_once(STORED, [*EFFECTS, EFFECTS[0]]),
        "I3 an event had none": oracle.applied_once(STORED, EFFECTS[1:]),
        "I3 effects were swapped": oracle.applied_once(STORED, [EFFECTS[1], EFFECTS[0], EFFECTS[2]]),
        "I4 an event was skipped": oracle.topic_is_complete(STORED, [TOPIC[0], TOPIC[2]]),
        "I4 the last event was skipped": oracle.topic_is_complete(STORED, TOPIC[:2]),
        "I4 events were swapped": oracle.topic_is_complete(STORED, swapped),
        "I4 a record names another before it": oracle.topic_is_complete(
            STORED, [*TOPIC[:2], replace(TOPIC[2], previous=1)]
        ),
        "I4 the topic knows more than the store": oracle.topic_is_complete(STORED[:2], TOPIC),
        "I5 an alert came twice": oracle.alerts_are_raised_once([KEY], [ALERT, ALERT], [record(ALERT, 3, 4)]),
        "I5 an alert is missing": oracle.alerts_are_raised_once([KEY], [], []),
        "I5 an alert was raised for nothing": oracle.alerts_are_raised_once([], [ALERT], [record(ALERT, 3, 4)]),
        "I5 the topic is silent about an alert": oracle.alerts_are_raised_once([KEY], [ALERT], []),
        "P3 a cursor is beyond the topic": oracle.cursor_is_published("topic", {0: 3}, {0: 2}),
        "I6 a position went back": oracle.never_back({"cursor": [1, 3, 2]}, 3),
        "I6 a position is beyond the store": oracle.never_back({"cursor": [1, 4]}, 3),
    }


@pytest.mark.parametrize("name", sorted(wrong_evidence()))
def test_a_violation_is_detected(name: str) -> None:
    found = wrong_evidence()[name]
    assert found
    assert all(sentence.startswith(name[:2]) for sentence in found)


def test_only_duplicate_records_count_as_repeats() -> None:
    assert oracle.first_occurrences([TOPIC[1], TOPIC[0], TOPIC[1]]) == TOPIC[:2]
    assert oracle.repeats([*TOPIC, TOPIC[0]]) == 1


def restored(tmp_path: Path, *later: Attempt) -> list[Attempt]:
    """Return all attempts, if a restore lost cmd-2 after ATTEMPTS, and others were made afterwards."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for attempt in ATTEMPTS:
        ledger.answered(ledger.asked(attempt.command), attempt.reply)
    ledger.restored({"cmd-2"})
    for attempt in later:
        ledger.answered(ledger.asked(attempt.command), attempt.reply)
    return ledger.attempts


def test_after_a_restore_only_what_it_lost_may_be_missing(tmp_path: Path) -> None:
    attempts = restored(tmp_path)
    assert oracle.acknowledged_is_stored_once(attempts, [fact(1)]) == []
    assert len(oracle.acknowledged_is_stored_once(attempts, [fact(2)])) == 1


def test_what_a_restore_lost_may_be_recorded_again_once_under_another_version(tmp_path: Path) -> None:
    again = [fact(1), fact(2, command="cmd-4"), fact(3, command="cmd-2")]
    attempts = restored(tmp_path, acked("cmd-4", 2), acked("cmd-2", 3))
    oracle.hold(oracle.acknowledged_is_stored_once(attempts, again), oracle.refused_has_no_effect(attempts, again))
    assert len(oracle.acknowledged_is_stored_once(attempts, again[:2])) == 1
    assert len(oracle.refused_has_no_effect(attempts, [*again, fact(4, command="cmd-2")])) == 1
