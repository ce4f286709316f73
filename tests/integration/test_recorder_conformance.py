"""The recorder suites that the eventsourcing library ships, run against our store (ADR 0001).

Not run, with the reason: `subscribe` has no test in the suites and no use here (the relay and the tail follow
the store); the InfrastructureFactory suite tests how the library builds its own recorders by class path, which
we do not use (PITFALLS: a stored topic must never be imported); the Transcoder suite tests the registry of the
library's JSONTranscoder, while ours is pydantic's JSON.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eventsourcing.tests import persistence as suites

from tests.support.recorders import AggregateStoreRecorder, Loop, StoreRecorder
from tests.support.servers import Database

CASES: list[tuple[type[Any], type[StoreRecorder], str]] = [
    (suites.AggregateRecorderTestCase, AggregateStoreRecorder, "test_insert_and_select"),
    (suites.AggregateRecorderTestCase, AggregateStoreRecorder, "test_performance"),
    (suites.ApplicationRecorderTestCase, StoreRecorder, "test_insert_select"),
    (suites.ApplicationRecorderTestCase, StoreRecorder, "test_performance"),
    (suites.ApplicationRecorderTestCase, StoreRecorder, "test_concurrent_no_conflicts"),
    (suites.ApplicationRecorderTestCase, StoreRecorder, "test_concurrent_throughput"),
    (suites.TrackingRecorderTestCase, StoreRecorder, "test_insert_tracking"),
    (suites.TrackingRecorderTestCase, StoreRecorder, "test_wait"),
    (suites.ProcessRecorderTestCase, StoreRecorder, "test_insert_select"),
    (suites.ProcessRecorderTestCase, StoreRecorder, "test_has_tracking_id"),
    (suites.ProcessRecorderTestCase, StoreRecorder, "test_raises_when_lower_inserted_later"),
    (suites.ProcessRecorderTestCase, StoreRecorder, "test_performance"),
    (suites.NonInterleavingNotificationIDsBaseCase, StoreRecorder, "test"),
]


@pytest.fixture
def recorder_of(database: Database) -> Iterator[Callable[[type[StoreRecorder]], StoreRecorder]]:
    loop, made = Loop(), []

    def make(kind: type[StoreRecorder]) -> StoreRecorder:
        made.append(kind(database.app, loop))
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()
    loop.close()


@pytest.mark.parametrize(("suite", "kind", "name"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_the_store_passes_the_librarys_recorder_tests(
    suite: type[Any],
    kind: type[StoreRecorder],
    name: str,
    recorder_of: Callable[[type[StoreRecorder]], StoreRecorder],
) -> None:
    case = type("Conformance", (suite,), {"create_recorder": lambda _self: recorder_of(kind)})(name)
    result = case.run()
    assert result is not None
    assert result.testsRun == 1
    for _, report in (*result.errors, *result.failures):
        pytest.fail(report)


def test_every_test_of_those_suites_is_listed() -> None:
    for suite in {suite for suite, _, _ in CASES}:
        shipped = {name for name in dir(suite) if name.startswith("test")}
        assert shipped == {name for listed, _, name in CASES if listed is suite}
