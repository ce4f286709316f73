"""The state file says what a stack does, and commands wait for it or say where it is."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.stack import background, compose, environment, layout, registry, stack_lock, state
from deploy.stack.errors import NotRunningError, StackError
from deploy.stack.layout import PROJECT, Layout
from deploy.stack.state import Phase, State

ENDLESS = "import time; time.sleep(60)"
HOLDER = f"""
import pathlib, signal, sys, time
sys.path.insert(0, {str(PROJECT)!r})
from deploy.stack import stack_lock
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with stack_lock.sole_instance(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def own_state(phase: Phase) -> State:
    return State(pid=os.getpid(), phase=phase)


@contextmanager
def own_stack(folder: Path, phase: Phase) -> Iterator[None]:
    """Hold a data folder as a stack in this phase does."""
    with stack_lock.sole_instance(folder):
        state.publish(folder, own_state(phase))
        yield


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPING])
def test_a_stack_that_starts_or_stops_is_not_running_and_the_message_says_which(tmp_path: Path, phase: Phase) -> None:
    with own_stack(tmp_path, phase), pytest.raises(NotRunningError, match=f"is {phase}"):
        state.running(tmp_path)


def test_a_command_waits_while_the_stack_starts(tmp_path: Path) -> None:
    said: list[str] = []

    def get_ready() -> None:
        while not said:
            time.sleep(0.01)
        state.publish(tmp_path, own_state(Phase.READY))

    with own_stack(tmp_path, Phase.STARTING):
        thread = threading.Thread(target=get_ready)
        thread.start()
        found = background.settled(tmp_path, said.append)
        thread.join()
    assert found == own_state(Phase.READY)
    assert said == [f"waiting: the stack of {tmp_path} is starting"]


def test_a_stack_that_died_while_it_started_is_not_waited_for(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ENDLESS])
    state.publish(tmp_path, State(pid=process.pid, phase=Phase.STARTING))
    process.kill()
    process.wait()
    assert background.settled(tmp_path, print) is None


def test_a_stack_of_another_folder_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other one"
    named = f"A stack is running on {other}: add --data-dir '{other}'"
    with own_stack(other, Phase.READY), pytest.raises(NotRunningError, match=named) as caught:
        state.running(tmp_path / "here")
    assert f"--data-dir '{other}'" in caught.value.text.zh
    with pytest.raises(NotRunningError) as caught:
        state.running(tmp_path / "here")
    assert str(other) not in str(caught.value)


def test_a_folder_that_was_deleted_is_forgotten_at_the_next_start(tmp_path: Path) -> None:
    deleted = tmp_path / "deleted"
    state.publish(deleted, own_state(Phase.READY))
    assert registry.others(tmp_path / "here") == [deleted]
    shutil.rmtree(deleted)
    state.publish(tmp_path / "here", own_state(Phase.READY))
    assert len(list(registry._folder().glob("*.txt"))) == 1


def test_the_holder_of_a_folder_is_stopped_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        # A state file of a killed stack may contain the id of any process.
        state.publish(tmp_path, own_state(Phase.READY))
        assert stack_lock.holder(tmp_path) == process.pid
        background.stop(tmp_path)
        assert process.wait() == 0
    with pytest.raises(NotRunningError, match="nothing to stop"):
        background.stop(tmp_path)


def test_a_process_that_has_ended_needs_no_stop(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with stack_lock.sole_instance(tmp_path):
        (tmp_path / "lock").write_text(str(ended.pid))
        thread = threading.Timer(0.3, (tmp_path / "lock").unlink)
        thread.start()
        background.stop(tmp_path)


def test_a_stack_that_another_command_starts_at_the_same_time_is_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with own_stack(tmp_path, Phase.STARTING):

        def get_ready() -> None:
            while not any(line.startswith("waiting") for line in said):
                time.sleep(0.01)
            state.publish(tmp_path, own_state(Phase.READY))

        thread = threading.Thread(target=get_ready)
        thread.start()
        found = background._start(tmp_path, Layout(9000), said.append, only_servers=False)
        thread.join()
        assert found == own_state(Phase.READY)
        assert any("already running" in line for line in said)
        with pytest.raises(StackError, match="could not be started"):
            background._start(tmp_path, Layout(9000), said.append, only_servers=True)


def test_a_look_at_the_lock_does_not_keep_a_stack_from_starting(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        thread = threading.Timer(stack_lock.LOCK_PAUSE_SECONDS, fcntl.flock, (look, fcntl.LOCK_UN))
        thread.start()
        with stack_lock.sole_instance(tmp_path):
            assert stack_lock.holder(tmp_path) == os.getpid()
        thread.join()


def test_a_lock_file_that_was_deleted_locks_nothing(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a+") as deleted:
        assert stack_lock._is_at(tmp_path / "lock", deleted)
        (tmp_path / "lock").unlink()
        assert not stack_lock._is_at(tmp_path / "lock", deleted)
        (tmp_path / "lock").touch()
        assert not stack_lock._is_at(tmp_path / "lock", deleted)


def test_a_stack_that_cannot_start_ends_with_its_lines_and_where_they_are(tmp_path: Path) -> None:
    said: list[str] = []
    taken = layout.LOWEST_BASE - 1
    (tmp_path / "port-base").write_text(str(taken))
    with pytest.raises(StackError, match="choose one from 1024"):
        background.start(tmp_path, None, said.append, only_servers=False)
    compose.up(tmp_path, Layout(9000), ["true"])
    with pytest.raises(StackError, match=r"could not be started.*stack\.log"):
        background._start(tmp_path, Layout(9000), said.append, only_servers=True)
    assert any("runs in containers" in line for line in said)


def test_the_ports_of_the_last_start_are_used_again(tmp_path: Path) -> None:
    assert layout.chosen(tmp_path, None) == Layout(layout.DEFAULT_BASE)
    layout.remember(tmp_path, Layout(9000))
    assert layout.chosen(tmp_path, None) == Layout(9000)
    assert layout.chosen(tmp_path, 10_000) == Layout(10_000)
    with pytest.raises(StackError, match="The base port is 0"):
        layout.chosen(tmp_path, 0)


def test_the_services_of_containers_can_be_stopped_alone(tmp_path: Path) -> None:
    command = tmp_path / "compose"
    command.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/seen\n')
    command.chmod(0o755)
    compose.up(tmp_path, Layout(9000), [str(command)])
    compose.stop_services(tmp_path, [str(command)])
    found = state.running(tmp_path)
    assert (found.phase, found.in_containers) == (Phase.ONLY_SERVERS, True)
    assert (tmp_path / "seen").read_text().splitlines()[-1].endswith("stop proxy customer followup alerts reporting")


def test_containers_that_cannot_start_leave_the_state_as_it_was(tmp_path: Path) -> None:
    command = tmp_path / "compose"
    command.write_text('#!/bin/sh\n[ "$1" = ls ]\n')
    command.chmod(0o755)
    with pytest.raises(StackError, match="failed"):
        compose.up(tmp_path, Layout(9000), [str(command)])
    assert state.kept(tmp_path) is None
    compose.up(tmp_path, Layout(9000), ["true"])
    before = state.kept(tmp_path)
    with pytest.raises(StackError, match="failed"):
        compose.up(tmp_path, Layout(9000), [str(command)])
    assert state.kept(tmp_path) == before


async def test_the_exported_address_of_our_own_broker_does_not_name_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    [own] = environment.kafka_providers(tmp_path, "127.0.0.1:1")
    [other] = environment.kafka_providers(tmp_path, "127.0.0.1:2")
    assert not await own.offered(print)
    assert await other.offered(print)


async def test_two_stacks_never_share_a_kafka(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    said: list[str] = []
    with stack_lock.sole_instance(tmp_path / "first"):
        first = State(pid=os.getpid(), environment={"CARE_KAFKA_BOOTSTRAP": "127.0.0.1:1"})
        state.publish(tmp_path / "first", first)
        [second] = environment.kafka_providers(tmp_path / "second", "127.0.0.1:2")
        assert not await second.offered(said.append)
        assert f"is the Kafka of the stack of {tmp_path / 'first'}" in said[0]
        state.withdraw(tmp_path / "first")
    assert await second.offered(said.append)
