"""Secrets are made once, kept to their owner, and the same at the next start."""

import os
import stat
from pathlib import Path

import pytest

from deploy.stack import credentials, stack_lock, state
from deploy.stack.errors import StackError
from deploy.stack.state import State


def test_credentials_are_the_same_at_the_next_start_and_closed_to_others(tmp_path: Path) -> None:
    first = credentials.load(tmp_path)
    assert credentials.load(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600


def test_no_two_stacks_share_a_password(tmp_path: Path) -> None:
    one, other = credentials.load(tmp_path / "one"), credentials.load(tmp_path / "other")
    assert not set(one.roles.values()) & set(other.roles.values())
    assert one.pseudonym_key != other.pseudonym_key


def test_a_second_run_on_the_same_data_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        stack_lock.sole_instance(tmp_path),
        pytest.raises(StackError, match=rf"already running, as process {os.getpid()}\..*--port-base"),
        stack_lock.sole_instance(tmp_path),
    ):
        pass


def test_a_running_stack_can_be_found_until_it_stops(tmp_path: Path) -> None:
    with stack_lock.sole_instance(tmp_path):
        state.publish(tmp_path, State(pid=os.getpid(), environment={"CARE_ISSUER": "http://127.0.0.1:8000"}))
        assert state.running(tmp_path).environment == {"CARE_ISSUER": "http://127.0.0.1:8000"}
        state.withdraw(tmp_path)
    with pytest.raises(StackError, match=r"Start one: \./care start"):
        state.running(tmp_path)


def test_a_stack_that_was_killed_is_not_taken_for_running_although_its_process_id_is_in_use_again(
    tmp_path: Path,
) -> None:
    state.publish(tmp_path, State(pid=os.getpid()))
    (tmp_path / "lock").write_text(str(os.getpid()))
    with pytest.raises(StackError, match="No stack is running"):
        state.running(tmp_path)
    assert state.stopped_uncleanly(tmp_path)
