"""Items that arrive during a commit are committed together in the next one, each with its own result."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest

from chassis.store import group_commit
from chassis.store.group_commit import MAX_BATCH, GroupCommit, OverloadedError
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Item:
    name: str
    keys: frozenset[object] = frozenset()

    def conflict_keys(self) -> set[object]:
        return set(self.keys)


@dataclass
class Database:
    """Commits batches while `open` is set; `faults` are raised first, one per commit; `poison` fails its batch."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    faults: list[BaseException] = field(default_factory=list)
    poison: dict[str, Exception] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)

    async def commit(self, items: Sequence[Item]) -> list[str]:
        self.batches.append([item.name for item in items])
        await self.open.wait()
        if self.faults:
            raise self.faults.pop(0)
        for item in items:
            if item.name in self.poison:
                raise self.poison[item.name]
        return [f"{item.name} done" for item in items]

    async def is_busy(self) -> bool:
        return bool(self.batches)


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def group(database: Database) -> GroupCommit[Item, str]:
    return GroupCommit(database.commit)


def items(*names: str) -> list[Item]:
    return [Item(name) for name in names]


async def submitted(
    group: GroupCommit[Item, str], database: Database, *waves: Sequence[Item]
) -> list[asyncio.Task[str]]:
    """Submit the waves, each of them while the commit of the first is still under way, and let go."""
    database.open.clear()
    tasks = []
    for wave in waves:
        tasks += [asyncio.create_task(group.submit(item)) for item in wave]
        await asyncio.sleep(0)
        await eventually(database.is_busy)
    return tasks


async def settled(tasks: Sequence[asyncio.Task[str]]) -> list[str | BaseException]:
    async with asyncio.timeout(60):
        return await asyncio.gather(*tasks, return_exceptions=True)


async def test_items_that_arrive_during_a_commit_share_the_next_one(
    group: GroupCommit[Item, str], database: Database
) -> None:
    tasks = await submitted(group, database, items("a"), items("b", "c", "d"))
    database.open.set()
    assert await settled(tasks) == ["a done", "b done", "c done", "d done"]
    assert database.batches == [["a"], ["b", "c", "d"]]


async def test_a_single_item_is_committed_at_once(group: GroupCommit[Item, str], database: Database) -> None:
    database.open.set()
    assert [await group.submit(Item("a")), await group.submit(Item("b"))] == ["a done", "b done"]
    assert database.batches == [["a"], ["b"]]


async def test_items_with_the_same_conflict_key_go_into_separate_batches_in_order(
    group: GroupCommit[Item, str], database: Database
) -> None:
    conflicting = [Item(name, frozenset({"version 1"})) for name in ("b", "c", "d")]
    tasks = await submitted(group, database, items("a"), [*conflicting, Item("e")])
    database.open.set()
    await settled(tasks)
    assert database.batches == [["a"], ["b", "e"], ["c"], ["d"]]


async def test_an_item_with_several_conflict_keys_conflicts_on_each(
    group: GroupCommit[Item, str], database: Database
) -> None:
    overlapping = [Item("b", frozenset({1})), Item("c", frozenset({2})), Item("d", frozenset({1, 2}))]
    tasks = await submitted(group, database, items("a"), overlapping)
    database.open.set()
    await settled(tasks)
    assert database.batches == [["a"], ["b", "c"], ["d"]]


async def test_a_batch_has_a_maximum_size(group: GroupCommit[Item, str], database: Database) -> None:
    names = [f"i{number}" for number in range(MAX_BATCH + 1)]
    tasks = await submitted(group, database, items("a"), items(*names))
    database.open.set()
    await settled(tasks)
    assert [len(batch) for batch in database.batches] == [1, MAX_BATCH, 1]


@pytest.mark.parametrize(
    "fault",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError("reply lost"),
        asyncpg.AdminShutdownError("bye"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.DeadlockDetectedError("deadlock"),
    ],
)
async def test_a_batch_of_unknown_outcome_is_sent_again(
    group: GroupCommit[Item, str], database: Database, fault: Exception
) -> None:
    database.faults = [fault, fault]
    database.open.set()
    assert await group.submit(Item("a")) == "a done"
    assert database.batches == [["a"]] * 3


async def test_an_unavailable_database_fails_every_waiting_caller(
    group: GroupCommit[Item, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "DEADLINE_SECONDS", 0.0)
    database.faults = [ConnectionRefusedError(), ConnectionRefusedError()]
    tasks = await submitted(group, database, items("a"), items("b", "c"))
    database.open.set()
    assert [type(answer) for answer in await settled(tasks)] == [ConnectionRefusedError] * 3
    assert await group.submit(Item("d")) == "d done"


@pytest.mark.parametrize("fault", [asyncpg.CharacterNotInRepertoireError("NUL"), ValueError("not ours"), KeyError("x")])
async def test_a_poison_item_does_not_fail_the_others(
    group: GroupCommit[Item, str], database: Database, fault: Exception
) -> None:
    database.poison = {"bad": fault}
    tasks = await submitted(group, database, items("a"), items("b", "bad", "c"), items("d"))
    database.open.set()
    assert await settled(tasks) == ["a done", "b done", fault, "c done", "d done"]


async def test_after_a_failure_no_caller_waits_for_ever(group: GroupCommit[Item, str], database: Database) -> None:
    database.poison = {"bad": RuntimeError("a bug")}
    tasks = await submitted(group, database, items("bad"), items("b", "c"))
    database.open.set()
    assert await settled(tasks) == [database.poison["bad"], "b done", "c done"]


async def test_a_cancelled_caller_does_not_stop_the_others(group: GroupCommit[Item, str], database: Database) -> None:
    tasks = await submitted(group, database, items("a"), items("b", "c", "d"))
    tasks[0].cancel()
    tasks[2].cancel()
    database.open.set()
    answers = await settled(tasks)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError, str, asyncio.CancelledError, str]
    assert await group.submit(Item("e")) == "e done"


async def test_the_item_of_a_cancelled_caller_is_still_committed(
    group: GroupCommit[Item, str], database: Database
) -> None:
    """They cannot know whether it was too late; the retry under the same key tells them."""
    tasks = await submitted(group, database, items("a"), items("b"))
    tasks[1].cancel()
    database.open.set()
    await settled(tasks)
    await group.submit(Item("c"))
    assert ["b"] in database.batches


async def test_items_above_the_limit_are_rejected_at_once(
    group: GroupCommit[Item, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING", 3)
    tasks = await submitted(group, database, items("a"), items("b", "c", "d"))
    with pytest.raises(OverloadedError):
        await group.submit(Item("e"))
    database.open.set()
    assert await settled(tasks) == ["a done", "b done", "c done", "d done"]
    assert await group.submit(Item("f")) == "f done"


Commit = Callable[[Sequence[Item]], Awaitable[list[str]]]


async def test_no_two_commits_run_at_once(database: Database) -> None:
    running = most = 0

    async def counting(batch: Sequence[Item]) -> list[str]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return await database.commit(batch)

    database.open.set()
    group: GroupCommit[Item, str] = GroupCommit(counting)
    await settled([asyncio.create_task(group.submit(Item(f"i{number}"))) for number in range(200)])
    assert most == 1


async def test_items_behind_a_stalled_commit_are_rejected(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "STALLED_SECONDS", 0.05)
    group = GroupCommit(database.commit)
    sent = asyncio.create_task(group.submit(Item("sent")))
    await eventually(database.is_busy)
    with pytest.raises(OverloadedError):
        await group.submit(Item("waiting"))
    with pytest.raises(OverloadedError):
        await group.submit(Item("coming"))
    database.open.set()
    assert await sent == "sent done"
    assert await group.submit(Item("later")) == "later done"
    assert database.batches == [["sent"], ["later"]]


async def test_an_item_that_has_waited_for_too_long_is_rejected_although_commits_make_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(group_commit, "GRACE_SECONDS", 0.0)

    async def slow(batch: Sequence[Item]) -> list[str]:
        await asyncio.sleep(0.05)
        return [item.name for item in batch]

    group: GroupCommit[Item, str] = GroupCommit(slow)
    conflicting = [Item(f"i{number}", frozenset({"key"})) for number in range(20)]
    results = await settled([asyncio.create_task(group.submit(item)) for item in conflicting])
    kinds = [type(result) for result in results]
    assert kinds == sorted(kinds, key=lambda kind: kind is OverloadedError)
    assert kinds[0] is str
    assert kinds[-1] is OverloadedError


async def test_the_items_of_a_failed_batch_are_committed_one_by_one_only_until_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit, "DEADLINE_SECONDS", 0.3)
    sizes = []

    async def slow(batch: Sequence[Item]) -> list[str]:
        sizes.append(len(batch))
        await asyncio.sleep(0.1)
        if len(batch) > 1:
            raise ValueError("one item is invalid")
        return [item.name for item in batch]

    group: GroupCommit[Item, str] = GroupCommit(slow)
    results = await settled([asyncio.create_task(group.submit(item)) for item in items(*"abcdefghij")])
    assert results[0] == "a"
    assert isinstance(results[-1], OverloadedError)
    assert len(sizes) < 6


async def test_the_deadline_of_a_batch_counts_from_the_submission_of_its_oldest_item(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "DEADLINE_SECONDS", 0.5)
    group: GroupCommit[Item, str] = GroupCommit(database.commit)
    loop = asyncio.get_running_loop()
    tasks = await submitted(group, database, items("a"), items("b"))
    submitted_at = loop.time()
    await asyncio.sleep(0.3)
    database.faults = [asyncpg.InterfaceError("closed")] * 100
    database.open.set()
    assert [type(result) for result in await settled(tasks)] == [asyncpg.InterfaceError] * 2
    assert loop.time() - submitted_at < 0.75
