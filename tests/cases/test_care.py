"""Cases 53 and 54: the command line says where the stack is, waits for it, and runs it in the background."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from deploy.care import output
from deploy.care.__main__ import COMMANDS, GROUPS, main
from deploy.stack import background, stack_lock, state
from deploy.stack.errors import NotRunningError
from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.layout import PROJECT
from deploy.stack.state import Phase, State
from tests.support.care import Ended, care, require_tour, tour, tour_is_possible, typed
from tests.support.product import free_layout
from tests.support.waiting import eventually

NEEDS_A_STACK = [
    ("token",),
    ("env",),
    ("status",),
    ("stop",),
    ("doctor",),
    ("psql", "bi"),
    ("import", "demo/fixtures/customers.csv"),
    ("events", "00000000-0000-0000-0000-000000000001"),
    ("listen", "care.alert.events.v1"),
    ("rebuild", "alerts"),
    ("parked", "alerts", "list"),
    ("restore", "status"),
    ("refill",),
]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own, so that stacks of this machine are not known."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("command", NEEDS_A_STACK, ids=" ".join)
def test_53_without_a_stack_a_command_says_so_on_standard_error(
    tmp_path: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "none"
    assert code_of(*command, "--data-dir", str(folder)) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"No stack is running on {folder}")
    assert not folder.exists()


@pytest.mark.usefixtures("cache")
def test_53_the_message_is_also_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code_of("token", "--data-dir", str(tmp_path), "--language", "zh") == 3
    assert "没有正在运行的系统" in capsys.readouterr().err
    monkeypatch.setenv("CARE_LANGUAGE", "zh")
    assert code_of("env", "--data-dir", str(tmp_path)) == 3
    assert "没有正在运行的系统" in capsys.readouterr().err


def code_of(*arguments: str) -> int:
    """Run a command in this process, and return its exit code."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.usefixtures("cache")
async def test_53_the_demo_beside_a_stack_of_another_folder_is_told_where_it_is(tmp_path: Path) -> None:
    other = tmp_path / "other"
    with stack_lock.sole_instance(other):
        state.publish(other, State(pid=os.getpid()))
        shown = await care(tmp_path / "here", "demo")
    assert (shown.code, shown.output) == (3, "")
    assert f"add --data-dir {other}" in shown.errors.replace("\n", " ")


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A data folder that this process holds as a stack does."""
    with stack_lock.sole_instance(tmp_path):
        yield tmp_path
        state.withdraw(tmp_path)


async def test_53_while_a_stack_starts_a_command_waits_and_says_nothing_else(held: Path) -> None:
    state.publish(held, State(pid=os.getpid(), phase=Phase.STARTING))
    process = await asyncio.create_subprocess_exec(
        *(str(PROJECT / "care"), "env", "--data-dir", str(held)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    first = await process.stderr.readline()
    assert first.decode() == f"waiting: the stack of {held} is starting\n"
    assert process.returncode is None
    state.publish(held, State(pid=os.getpid(), environment={"CARE_ISSUER": "http://127.0.0.1:1"}))
    output, errors = await process.communicate()
    assert (output, errors) == (b"export CARE_ISSUER=http://127.0.0.1:1\n", b"")
    assert await process.wait() == 0


async def test_53_a_stack_in_containers_gives_its_addresses(tmp_path: Path) -> None:
    state.publish(tmp_path, State(pid=None, containers=True, environment={"CARE_ISSUER": "http://127.0.0.1:1"}))
    assert (await care(tmp_path, "env")).output == "export CARE_ISSUER=http://127.0.0.1:1\n"
    token = await care(tmp_path, "token")
    assert (token.code, token.output) == (1, "")
    assert "The issuer at http://127.0.0.1:1 does not answer" in token.errors
    state.withdraw(tmp_path)


async def test_54_services_that_are_stopped_are_named_as_the_reason(held: Path) -> None:
    state.publish(held, State(pid=os.getpid(), phase=Phase.ONLY_SERVERS))
    shown = await care(held, "token")
    assert (shown.code, shown.output) == (3, "")
    assert "The services of" in shown.errors


def test_54_a_folder_that_cannot_be_made_is_an_error_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("start", "--data-dir", "/dev/null/here") == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "/dev/null/here/stack.json: Not a directory\n")


@pytest.mark.usefixtures("cache")
def test_54_a_damaged_state_file_is_an_error_that_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stack.json").write_text('{"pid": 1')
    assert code_of("status", "--data-dir", str(tmp_path)) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}/stack.json is damaged")


def test_54_names_in_texts_are_printed_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "stdout", Console(emoji=False))
    text = f"{tmp_path}/[red] :cat: [/x]"
    output.show({}, text, as_json=False)
    assert capsys.readouterr().out == f"{text}\n"


def test_54_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("--help") == 0
    shown = capsys.readouterr().out
    assert [name for name in (*COMMANDS, *GROUPS) if f"│ {name} " not in shown] == []


def test_54_a_command_does_not_load_the_modules_of_others() -> None:
    program = (
        "import sys; from deploy.care.__main__ import application; application(['token', '--role', 'ops']);"
        "print(*(name for name in sys.modules if name.startswith(('deploy.care.', 'contracts', 'services', 'demo'))))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    needed = {"__main__", "access", "exits", "options", "output"}
    assert set(loaded.stdout.split()) == {f"deploy.care.{name}" for name in needed}


@pytest.mark.parametrize(
    "arguments",
    [
        ("up", "--compose", "docker 'x"),
        ("no-such-command",),
        ("token", "--no-such-option"),
        ("psql", "nobody"),
        ("events", "no-id"),
    ],
)
def test_54_wrong_use_has_an_exit_code_of_its_own(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err


@pytest.fixture
async def data_dir() -> AsyncIterator[Path]:
    """A fresh data folder, whose stack is stopped afterwards."""
    with temporary_data_dir() as folder:
        yield folder
        try:
            await asyncio.to_thread(background.stop, folder)
        except NotRunningError:
            return


async def done(data_dir: Path, *arguments: str) -> Ended:
    """Run a command that must succeed."""
    shown = await care(data_dir, *arguments)
    assert shown.code == 0, f"{shown.output}\n{shown.errors}"
    return shown


@pytest.mark.nightly
@pytest.mark.skipif(not tour_is_possible(), reason="curl, jq or psql is not installed")
async def test_54_a_stack_runs_in_the_background_and_its_services_can_be_stopped_alone(data_dir: Path) -> None:
    base = str(free_layout().base)
    started = (await done(data_dir, "start", "--port-base", base, "--json")).document
    require_tour(await typed(data_dir, tour()))
    await is_back_after_a_kill(data_dir)
    file = str(data_dir / "erasures.jsonl")
    alone = (await done(data_dir, "start", "--only-servers", "--json")).document
    assert alone["pid"] != started["pid"]
    assert {part["name"]: part["ready"] for part in alone["parts"]} == {
        **dict.fromkeys(("PostgreSQL", "Kafka"), True),
        **dict.fromkeys(("issuer", "customer", "followup", "alerts", "reporting"), False),
    }
    assert (await care(data_dir, "token")).code == 3
    assert (await care(data_dir, "status")).code == 1
    await done(data_dir, "rebuild", "reporting")
    declared = (await done(data_dir, "restore", "declare", "--erasures-file", file, "--json")).document
    assert declared["declared"]["epochs"].keys() == {"customer", "followup", "alerts"}
    assert "care.customer.events.v1" not in (await done(data_dir, "refill", "--json")).document["deleted"]
    again = (await done(data_dir, "start", "--json")).document
    assert [part["address"] for part in again["parts"]] == [part["address"] for part in started["parts"]]
    await done(data_dir, "restore", "repeat-erasures", file)
    await eventually(lambda: has_events(data_dir))
    await done(data_dir, "demo", "--customers", "20")
    assert (await done(data_dir, "stop", "--json")).document["phase"] == "stopped"
    assert (await care(data_dir, "status")).code == 3
    await done(data_dir, "reset")
    assert state.kept(data_dir) is None
    await asyncio.to_thread(data_dir.mkdir)


async def is_back_after_a_kill(data_dir: Path) -> None:
    """Kill a service: it is shown with the time of its new start."""
    before = state.running(data_dir).parts["alerts"]
    assert before.pid
    os.kill(before.pid, signal.SIGKILL)

    async def is_back() -> bool:
        shown = (await care(data_dir, "status", "--json")).document
        [part] = [each for each in shown["parts"] if each["name"] == "alerts"]
        return bool(part["ready"] and state.running(data_dir).parts["alerts"].since > before.since)

    await eventually(is_back)


async def has_events(data_dir: Path) -> bool:
    shown = await care(data_dir, "listen", "care.customer.events.v1", "--from-start", "--until-end", "--count", "1")
    return shown.code == 0 and bool(shown.output)
