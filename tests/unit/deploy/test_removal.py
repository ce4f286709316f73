"""A reset deletes what the stack keeps, and nothing else."""

from pathlib import Path

import pytest

from deploy.stack import containers, credentials, layout, removal, stack_lock, state
from deploy.stack.credentials import write_private
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout
from deploy.stack.state import State

COMPOSE = ["true"]


def stack_folder(folder: Path) -> Path:
    """Return a data folder after a stack has stopped."""
    with stack_lock.sole_instance(folder):
        credentials.load(folder)
        layout.remember(folder, Layout(9000))
        state.publish(folder, State(pid=1))
        (folder / "logs").mkdir()
        (folder / "stack.json.17.new").touch()
    return folder


def test_the_folder_of_a_stack_is_deleted(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path / "stack")
    removal.delete(folder, COMPOSE)
    assert not folder.exists()


def test_files_of_others_stay(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path / "stack")
    (folder / "thesis.txt").touch()
    removal.delete(folder, COMPOSE)
    assert [each.name for each in folder.iterdir()] == ["thesis.txt"]


def test_a_folder_in_which_no_stack_ever_ran_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("logs", "kafka"):
        (home / name).mkdir(parents=True)
    (home / "credentials.json").touch()
    with pytest.raises(StackError, match="holds no data of a stack"):
        removal.delete(home, COMPOSE)
    with pytest.raises(StackError, match="holds no data of a stack"):
        removal.delete(tmp_path / "missing", COMPOSE)
    assert {each.name for each in home.iterdir()} == {"logs", "kafka", "credentials.json"}
    assert not (tmp_path / "missing").exists()


def test_a_folder_of_postgresql_elsewhere_is_deleted_and_other_links_are_not_followed(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path / "stack")
    elsewhere, photos = tmp_path / "elsewhere", tmp_path / "photos"
    for target in (elsewhere, photos):
        target.mkdir()
    (folder / "postgres").symlink_to(elsewhere)
    (folder / "my photos").symlink_to(photos)
    removal.delete(folder, COMPOSE)
    assert not elsewhere.exists()
    assert photos.exists()


def test_a_folder_that_is_a_link_is_emptied(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path / "stack")
    (tmp_path / "link").symlink_to(folder)
    removal.delete(tmp_path / "link", COMPOSE)
    assert list(folder.iterdir()) == []


def test_a_stack_that_runs_is_not_deleted(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path / "stack")
    with stack_lock.sole_instance(folder), pytest.raises(StackError, match="already running"):
        removal.delete(folder, COMPOSE)
    assert (folder / "credentials.json").exists()


def test_volumes_that_cannot_be_removed_keep_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = stack_folder(tmp_path / "stack")
    write_private(folder / "kafka.from", containers.PROVIDER)
    docker = tmp_path / "programs" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho no daemon >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:/usr/bin:/bin")
    with pytest.raises(StackError, match=r"could not be removed: customer-lifecycle-\w+-kafka\..*\nno daemon"):
        removal.delete(folder, COMPOSE)
    assert (folder / "credentials.json").exists()
    docker.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    removal.delete(folder, COMPOSE)
    assert (tmp_path / "asked").read_text() == f"volume rm --force {containers.name(folder, 'kafka')}\n"
