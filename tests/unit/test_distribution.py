"""The distribution of the tests over several processes."""

from types import SimpleNamespace
from typing import Any

import pytest
from xdist.remote import Producer

from tests.support.distribution import ScopeDistribution, place_of, scope_of

TESTS = ["tests/unit/test_a.py::test_1", "tests/unit/test_a.py::test_2", "tests/unit/test_b.py::test_3"]


class Process:
    """A process that is sent tests; it runs nothing."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.sent: list[int] = []

    def send_runtest_some(self, places: list[int]) -> None:
        self.sent += places

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduler(*processes: Process) -> ScopeDistribution:
    config: Any = SimpleNamespace(option=SimpleNamespace(loadscopereorder=True), getvalue=lambda _: ["popen"])
    made = ScopeDistribution(config, Producer("tests", enabled=False))
    made.numnodes = len(processes)
    for process in processes:
        made.add_node(process)
        made.add_node_collection(process, TESTS)
    made.schedule()
    return made


@pytest.mark.parametrize(
    ("nodeid", "scope"),
    [
        ("tests/security/test_matrix.py::test_roles[a::b]", "tests/security"),
        ("tests/e2e/test_story.py::test_story", "tests/e2e"),
        ("tests/faults/test_killed.py::test_kill", "tests/faults/test_killed.py"),
        ("tests/unit/chassis/test_body.py::test_json", "tests/unit/chassis/test_body.py"),
    ],
)
def test_a_file_stays_together_or_its_folder(nodeid: str, scope: str) -> None:
    assert scope_of(nodeid) == scope


def test_folders_that_take_longest_come_first() -> None:
    nodeids = ["tests/unit/test_a.py::test_1", "tests/faults/test_b.py::test_2", "tests/security/test_c.py::test_3"]

    assert sorted(nodeids, key=place_of) == nodeids[::-1]


def test_each_test_is_sent_once_and_a_file_to_one_process() -> None:
    one, other = Process("one"), Process("other")
    made = scheduler(one, other)

    assert sorted([one.sent, other.sent]) == [[0, 1], [2]]
    for process in (one, other):
        for place in process.sent:
            made.mark_test_complete(process, place)
    assert made.tests_finished
    assert not made.has_pending


def test_the_test_that_crashed_its_process_is_named() -> None:
    one, other = Process("one"), Process("other")
    made = scheduler(one, other)
    made.mark_test_complete(one, one.sent[0])

    crashed = made.remove_node(one)

    assert crashed == TESTS[one.sent[1]]


def test_a_complete_file_is_counted_no_longer() -> None:
    one, other = Process("one"), Process("other")
    made = scheduler(one, other)
    made.mark_test_complete(one, 0)
    assert list(made.assigned_work[one]) == ["tests/unit/test_a.py"]

    made.mark_test_complete(one, 1)

    assert made.assigned_work[one] == {}
