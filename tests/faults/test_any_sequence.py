"""R45: any sequence of commands, crashes, retries, duplicates, replays and rebuilds ends in the state of the model.

A failure prints its steps as a program, and a blob for `@reproduce_failure`; nightly runs also print the seed.
"""

import asyncio
import itertools
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from chassis.consume import gap_detector
from chassis.consume.gap_detector import FeedSetBackError
from chassis.consume.positions import Positions
from chassis.consume.record_reading import watermark_of
from chassis.publish import relay as relay_module
from chassis.publish import topic_check
from chassis.publish.cursor import RelayCursor
from chassis.publish.relay import Relay
from chassis.store import event_store
from chassis.store.append import Append, Appended
from chassis.store.event_store import EventStore
from contracts.watermark import Watermark
from tests.faults.machine.broker import Broker
from tests.faults.machine.databases import Databases, open_databases
from tests.faults.machine.process_death import ProcessDeath, ProcessDied
from tests.faults.machine.sequence import AnySequence
from tests.faults.machine.system import System
from tests.support.servers import Database, Servers

Play = Callable[[], AnySequence]


def tell_unless_it_died(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), ProcessDied):
        loop.default_exception_handler(context)


@pytest.fixture
async def databases(running: Servers) -> list[Database]:
    return [await running.database("customer"), await running.database("alerts")]


@pytest.fixture
def play(databases: list[Database], monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Return a function that starts a sequence. All sequences use the same two databases."""
    death = ProcessDeath()
    broker = Broker(death)
    for module in (event_store, relay_module):
        monkeypatch.setattr(module, "crash_point", death.point)
    monkeypatch.setattr(relay_module, "send_all", broker.send_all)
    monkeypatch.setattr(topic_check, "read_last", broker.read_last)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(tell_unless_it_died)
        stack = AsyncExitStack()
        opened: Databases = runner.run(stack.enter_async_context(open_databases(*databases)))

        monkeypatch.setattr(gap_detector, "utc_now", lambda: opened.now)

        def begin() -> AnySequence:
            broker.lose_everything()
            return AnySequence(System(opened, broker, death), runner.run)

        yield begin
        runner.run(stack.aclose())


BOUNDED = settings(deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=True)
# The same sequences each time. Nightly runs use new ones.
SHORT = settings(BOUNDED, max_examples=12, stateful_step_count=25, derandomize=True, database=None)
# Whether a defect is found depends more on the seed than on the number of sequences: many seeds, few sequences each.
# Twice as many as were needed so far.
SEEDS = 10
PLANTED = settings(BOUNDED, max_examples=30, stateful_step_count=50, phases=[Phase.generate], database=None)
LONG = settings(BOUNDED, max_examples=2_000, stateful_step_count=50, derandomize=False)


def run(play: Play, limits: settings) -> None:
    # A factory is accepted in place of the class, although the signature does not say so.
    factory: Any = play
    run_state_machine_as_test(factory, settings=limits)


def test_r45_no_sequence_leads_away_from_the_model(play: Play) -> None:
    run(play, SHORT)


@pytest.mark.nightly
def test_r45_no_sequence_leads_away_from_the_model_at_length(
    play: Play, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    number = int(request.config.getoption("--hypothesis-seed") or secrets.randbits(32))
    began, sequences = time.monotonic(), itertools.count(1)

    def counted() -> AnySequence:
        """Print the number of sequences after every hundred."""
        if (sequence := next(sequences)) % 100 == 1:
            with capsys.disabled():
                sys.stdout.write(f"R45: sequence {sequence}, {time.monotonic() - began:.0f} s, seed {number}\n")
        return play()

    sys.stdout.write(f"to have these again: --hypothesis-seed={number}\n")
    run(seed(number)(counted), LONG)


async def forget_keys(store: EventStore, append: Append) -> Appended:
    """Handle every retry as a new command."""
    return await sound_append(store, append._replace(key=str(uuid4())))


async def move_before_sending(relay: Relay, producer: Any, batch: Any) -> None:
    await relay._cursor.move(batch.last, batch.previous)
    send: Any = vars(relay_module)["send_all"]
    await send(producer, batch.outgoing)


async def stay(_positions: Positions, _held: object, _moves: object, _customers: object) -> set[UUID]:
    """Never move a position, and park no customer."""
    return set()


async def move_without_the_lease(cursor: RelayCursor, position: int, previous: dict[int, int]) -> None:
    await cursor._pool.execute("UPDATE relay_cursor SET position = $1", position)
    cursor.position, cursor.previous = position, previous


def call_all_complete(record: Any) -> tuple[str, Watermark] | None:
    if found := watermark_of(record):
        epoch, mark = found
        return epoch, mark.model_copy(update={"complete_until": mark.complete_until + timedelta(days=40)})
    return None


sound_append = EventStore.append
DEFECTS = [
    (EventStore, "append", forget_keys),
    (RelayCursor, "move", move_without_the_lease),
    (gap_detector, "watermark_of", call_all_complete),
    (Relay, "_publish", move_before_sending),
    (Positions, "move", stay),
]


def run_seeds(play: Play) -> None:
    for number in range(SEEDS):
        sys.stdout.write(f"R45: seed {number}\n")
        run(seed(number)(play), PLANTED)


@pytest.mark.nightly
def test_r45_no_seed_finds_a_defect_where_none_is_planted(play: Play) -> None:
    run_seeds(play)


@pytest.mark.nightly
@pytest.mark.parametrize(("owner", "name", "broken"), DEFECTS)
def test_r45_a_planted_defect_is_found(
    play: Play, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, broken: Any
) -> None:
    """A relay that moves its cursor before it sends loses nothing for good: its next start finds what the topic lacks.

    So the end of a sequence cannot show this defect. P3 is checked after every step, before the next start.
    """
    monkeypatch.setattr(owner, name, broken)
    # The model finds it, or an invariant does, or a consumer of the product itself.
    with pytest.raises((AssertionError, FeedSetBackError), match=r"returned|I\d: |P\d: |is applied here"):
        run_seeds(play)
