"""The command handler on a real store: one effect per key, no lost update, and rejections that store nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Command, Context
from chassis.commands.command_handler import MAX_ATTEMPTS, CommandHandler
from chassis.commands.decider import RejectedError
from chassis.commands.decision import CLOCK_SKEW, LinkedCommand
from chassis.commands.problem import ProblemError
from chassis.commands.result import ConflictError, Handled, KeyReusedError, VersionMismatchError
from chassis.http.access import forbidden
from chassis.postgres.database import Pool
from chassis.store.append import Answer, Append, Appended, Outcome
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper, RecordedEvent
from chassis.store.preview_store import PreviewStore
from chassis.store.snapshots import Snapshot
from contracts.customer import Stage
from services.customer.commands import AssignOwner, ChangeProfile, ChangeStage, Profile, Register
from services.customer.domain import CUSTOMER, Customer
from tests.support.appends import rows_of

NOW = datetime(2024, 6, 3, 9, tzinfo=UTC)
REGISTER = Register(name="上海腾云")
INTERESTED = ChangeStage(stage=Stage.INTERESTED)
SIGNED = ChangeStage(stage=Stage.SIGNED)


@pytest.fixture
def customers(store: EventStore) -> CommandHandler[Customer]:
    return handler_on(store)


@pytest.fixture
async def known(customers: CommandHandler[Customer]) -> UUID:
    """A customer who has been registered."""
    customer_id = uuid4()
    await customers.handle(customer_id, REGISTER, asked())
    return customer_id


def handler_on(store: EventStore) -> CommandHandler[Customer]:
    return CommandHandler(store, CUSTOMER, EventMapper())


def asked(key: str | None = None, request: bytes = b"") -> Context:
    """Return the context of a request; with a key, of one that may be sent again."""
    return Context(key or str(uuid4()), "E1007", "req-1", NOW, request_hash=request, retryable=key is not None)


async def versions(store: EventStore, customer_id: UUID) -> list[int]:
    return [row.originator_version async for row in store.read_stream(customer_id)]


async def test_the_first_command_creates_and_later_ones_change(customers: CommandHandler[Customer]) -> None:
    customer_id = uuid4()
    created = await customers.handle(customer_id, REGISTER, asked())
    changed = await customers.handle(customer_id, INTERESTED, asked())
    assert [(handled.status, handled.version) for handled in (created, changed)] == [(201, 1), (200, 2)]


async def test_what_already_holds_is_no_new_fact(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    handled = await customers.handle(known, REGISTER, asked())
    assert (handled.status, handled.version, handled.events) == (200, 1, 0)
    assert await versions(store, known) == [1]


async def test_the_same_key_twice_has_one_effect_and_one_answer(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    first, second = [await customers.handle(known, INTERESTED, asked("k")) for _ in range(2)]
    assert (second.status, second.body, second.version) == (first.status, first.body, first.version)
    assert (first.replayed, second.replayed) == (False, True)
    assert await versions(store, known) == [1, 2]


async def test_the_same_key_in_another_process_has_one_effect(store: EventStore, known: UUID) -> None:
    handled = await asyncio.gather(*(handler_on(store).handle(known, INTERESTED, asked("k")) for _ in range(20)))
    assert len({one.body for one in handled}) == 1
    assert sorted(one.replayed for one in handled) == [False] + [True] * 19
    assert await versions(store, known) == [1, 2]


async def test_a_retry_gets_its_first_answer_however_far_the_customer_has_moved_on(
    customers: CommandHandler[Customer], known: UUID
) -> None:
    first = await customers.handle(known, INTERESTED, asked("k"))
    for command in (SIGNED, ChangeStage(stage=Stage.ESTABLISHED), ChangeStage(stage=Stage.LOST, reason="price")):
        await customers.handle(known, command, asked())
    again = await customers.handle(known, INTERESTED, asked("k"))
    assert (again.body, again.replayed) == (first.body, True)


async def test_an_answer_that_nothing_was_to_be_done_is_repeated_too(
    customers: CommandHandler[Customer], known: UUID
) -> None:
    first = await customers.handle(known, REGISTER, asked("k"))
    await customers.handle(known, INTERESTED, asked())
    again = await customers.handle(known, REGISTER, asked("k"))
    assert (again.body, again.status, again.replayed) == (first.body, 200, True)


async def test_a_command_that_would_be_refused_by_now_gets_the_answer_it_had(
    customers: CommandHandler[Customer], known: UUID
) -> None:
    first = await customers.handle(known, SIGNED, asked("k"))
    await customers.handle(known, ChangeStage(stage=Stage.ESTABLISHED), asked())
    with pytest.raises(RejectedError):
        await customers.handle(known, SIGNED, asked())
    assert (await customers.handle(known, SIGNED, asked("k"))).body == first.body


async def test_a_command_against_a_passed_version_gets_the_answer_it_had(
    customers: CommandHandler[Customer], known: UUID
) -> None:
    first = await customers.handle(known, INTERESTED, asked("k"), expected_version=1)
    again = await customers.handle(known, INTERESTED, asked("k"), expected_version=1)
    assert (again.body, again.replayed) == (first.body, True)


async def test_a_caller_who_may_no_longer_act_gets_the_answer_they_had(
    customers: CommandHandler[Customer], known: UUID
) -> None:
    first = await customers.handle(known, INTERESTED, asked("k"))
    again = await customers.handle(known, INTERESTED, asked("k"), authorize=nobody)
    assert again.body == first.body
    with pytest.raises(ProblemError):
        await customers.handle(known, SIGNED, asked("another"), authorize=nobody)


def nobody(_state: object) -> None:
    raise forbidden()


@pytest.mark.parametrize("again", [SIGNED, INTERESTED, ChangeStage(stage=Stage.ESTABLISHED)])
async def test_the_same_key_with_another_body_is_refused(
    customers: CommandHandler[Customer], store: EventStore, known: UUID, again: Command
) -> None:
    await customers.handle(known, INTERESTED, asked("k", b"one"))
    with pytest.raises(KeyReusedError):
        await customers.handle(known, again, asked("k", b"other"))
    assert await versions(store, known) == [1, 2]


async def test_a_refusal_leaves_its_key_free(customers: CommandHandler[Customer], known: UUID) -> None:
    with pytest.raises(RejectedError):
        await customers.handle(known, ChangeStage(stage=Stage.ESTABLISHED), asked("k"))
    assert not (await customers.handle(known, INTERESTED, asked("k"))).replayed


@pytest.mark.parametrize("processes", [1, 4])
async def test_fifty_writers_on_one_customer_lose_no_update(store: EventStore, known: UUID, processes: int) -> None:
    handlers = [handler_on(store) for _ in range(processes)]
    answers = await asyncio.gather(
        *(
            handlers[number % processes].handle(known, AssignOwner(owner_id=f"E{number}"), asked())
            for number in range(50)
        ),
        return_exceptions=True,
    )
    done = [answer for answer in answers if isinstance(answer, Handled)]
    assert all(isinstance(answer, Handled | ConflictError) for answer in answers)
    assert len(done) == 50 if processes == 1 else len(done) >= 4
    assert sorted(answer.version for answer in done) == list(range(2, len(done) + 2))
    assert await versions(store, known) == list(range(1, len(done) + 2))


async def test_a_state_that_another_process_has_moved_on_is_not_trusted(store: EventStore, known: UUID) -> None:
    ours, theirs = handler_on(store), handler_on(store)
    await ours.load(known)
    await theirs.handle(known, INTERESTED, asked())
    assert (await ours.load(known)).state.stage is Stage.INTERESTED
    assert (await ours.handle(known, SIGNED, asked())).version == 3


async def test_a_state_that_is_old_refuses_nothing_that_is_legal_by_now(store: EventStore, known: UUID) -> None:
    ours, theirs = handler_on(store), handler_on(store)
    await ours.load(known)
    for command in (INTERESTED, SIGNED):
        await theirs.handle(known, command, asked())
    assert (await ours.handle(known, ChangeStage(stage=Stage.ESTABLISHED), asked())).version == 4


async def test_a_state_that_is_old_grants_nothing_to_who_held_it_then(store: EventStore, known: UUID) -> None:
    ours, theirs = handler_on(store), handler_on(store)
    await ours.handle(known, AssignOwner(owner_id="E1"), asked())
    await theirs.handle(known, AssignOwner(owner_id="E2"), asked())
    with pytest.raises(ProblemError):
        await ours.handle(known, INTERESTED, asked(), authorize=only("E1"))
    assert await versions(store, known) == [1, 2, 3]


def only(employee_id: str) -> Callable[[Customer], None]:
    def authorize(customer: Customer) -> None:
        if not customer.holders.include(employee_id):
            raise forbidden()

    return authorize


async def test_a_state_that_is_old_does_not_say_that_there_is_nothing_to_do(store: EventStore, known: UUID) -> None:
    ours, theirs = handler_on(store), handler_on(store)
    await ours.handle(known, AssignOwner(owner_id="E1"), asked())
    await theirs.handle(known, AssignOwner(owner_id="E2"), asked())
    assert (await ours.handle(known, AssignOwner(owner_id="E1"), asked())).events == 1


async def test_another_version_than_the_callers_is_refused_with_the_one_there_is(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    with pytest.raises(VersionMismatchError) as refused:
        await customers.handle(known, INTERESTED, asked(), expected_version=7)
    assert refused.value.actual == 1
    assert await versions(store, known) == [1]


async def test_of_two_who_read_the_same_version_one_is_refused(store: EventStore, known: UUID) -> None:
    answers = await asyncio.gather(
        *(
            handler_on(store).handle(known, AssignOwner(owner_id=owner_id), asked(), expected_version=1)
            for owner_id in ("E1", "E2")
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Handled", "VersionMismatchError"]


async def test_an_event_cannot_have_occurred_in_the_future(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    late = ChangeStage(stage=Stage.INTERESTED, occurred_at=NOW + CLOCK_SKEW + timedelta(seconds=1))
    with pytest.raises(RejectedError) as refused:
        await customers.handle(known, late, asked())
    assert refused.value.code == "occurred-in-future"
    assert await versions(store, known) == [1]


@pytest.mark.parametrize("when", [NOW + CLOCK_SKEW, NOW, NOW - timedelta(days=3_000)])
async def test_an_event_keeps_its_stated_time(
    customers: CommandHandler[Customer], store: EventStore, known: UUID, when: datetime
) -> None:
    await customers.handle(known, ChangeStage(stage=Stage.INTERESTED, occurred_at=when), asked())
    assert EventMapper().to_envelope((await rows_of(store, known))[-1]).occurred_at == when


async def test_an_event_holds_its_actor_and_its_cause(customers: CommandHandler[Customer], store: EventStore) -> None:
    customer_id, cause = uuid4(), uuid4()
    await customers.handle(customer_id, REGISTER, asked()._replace(causation_id=cause, traceparent="00-a-b-01"))
    envelope = EventMapper().to_envelope((await rows_of(store, customer_id))[0])
    metadata = envelope.metadata
    assert (metadata.actor, metadata.correlation_id, metadata.causation_id) == ("E1007", "req-1", cause)
    assert (metadata.traceparent, envelope.subject, envelope.stream_id) == ("00-a-b-01", customer_id, customer_id)


class Losing(EventStore):
    """A store in which somebody else is always faster."""

    appends = 0

    async def append(self, append: Append) -> Appended:
        self.appends += 1
        return Appended(Outcome.CONFLICT, append.events[0].originator_version)


async def test_a_race_lost_again_and_again_ends_in_a_conflict(store: EventStore) -> None:
    losing = Losing(store._pool)
    with pytest.raises(ConflictError):
        await handler_on(losing).handle(uuid4(), REGISTER, asked())
    assert losing.appends == MAX_ATTEMPTS


async def test_a_cache_that_is_full_forgets_and_reads_again(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.commands.stream_cache.CACHED_STREAMS", 2)
    customers, ids = handler_on(store), [uuid4() for _ in range(5)]
    for customer_id in ids:
        await customers.handle(customer_id, REGISTER, asked())
    assert len(customers._streams._cache) == 2
    assert [await stage(customers, customer_id) for customer_id in ids] == [Stage.NEW] * 5


async def stage(customers: CommandHandler[Customer], customer_id: UUID) -> Stage:
    loaded = await customers.load(customer_id)
    assert loaded.version == 1
    return loaded.state.stage


async def test_what_another_process_appends_is_seen_a_moment_later_at_most(
    customers: CommandHandler[Customer], store: EventStore, known: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await handler_on(store).handle(known, INTERESTED, asked())
    assert (await customers.load_recent(known)).version == 1
    monkeypatch.setattr("chassis.commands.stream_cache.RECENT_SECONDS", 0.0)
    assert (await customers.load_recent(known)).version == 2


async def test_what_this_process_appends_is_seen_at_once(customers: CommandHandler[Customer], known: UUID) -> None:
    await customers.load_recent(known)
    await customers.handle(known, INTERESTED, asked())
    assert (await customers.load_recent(known)).version == 2


async def test_many_streams_are_read_in_one_statement(customers: CommandHandler[Customer], store: EventStore) -> None:
    known, changed, unknown = uuid4(), uuid4(), uuid4()
    for customer_id in (known, changed):
        await handler_on(store).handle(customer_id, REGISTER, asked())
    await customers.load(changed)
    await handler_on(store).handle(changed, INTERESTED, asked())

    reading = Counting(store._pool)
    fresh = handler_on(reading)
    await fresh.refresh([known, changed, unknown])

    found = [await fresh.load_recent(each) for each in (known, changed, unknown)]
    assert [each.version for each in found] == [1, 2, 0]
    assert [each.state for each in found] == [(await customers.load(each)).state for each in (known, changed, unknown)]
    assert (reading.tails, reading.streams) == (1, 0)


async def test_a_stream_with_many_new_events_is_loaded_alone(
    customers: CommandHandler[Customer], store: EventStore, known: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await customers.handle(known, INTERESTED, asked())
    monkeypatch.setattr("chassis.commands.streams.MAX_TAIL", 1)
    reading = Counting(store._pool)
    fresh = handler_on(reading)
    await fresh.refresh([known])
    assert (await fresh.load_recent(known)).version == 2
    assert (reading.tails, reading.streams) == (1, 1)


async def test_streams_that_are_recent_are_not_read_again(store: EventStore, known: UUID) -> None:
    reading = Counting(store._pool)
    fresh = handler_on(reading)
    await fresh.refresh([known])
    await fresh.refresh([known])
    assert reading.tails == 1


async def test_a_preview_reads_its_own_events_after_the_stored_ones(pool: Pool, known: UUID) -> None:
    unknown, preview = uuid4(), PreviewStore(pool)
    own = handler_on(preview)
    await own.handle(known, INTERESTED, asked())
    await own.handle(unknown, REGISTER, asked())
    tails = await preview.read_tails({known: 0, unknown: 0}, 10)
    assert [[row.originator_version for row in tails[each]] for each in (known, unknown)] == [[1, 2], [1]]
    fresh = handler_on(preview)
    await fresh.refresh([known, unknown])
    assert [(await fresh.load_recent(each)).version for each in (known, unknown)] == [2, 1]


async def test_a_command_that_waits_for_others_has_a_time_limit(
    customers: CommandHandler[Customer], known: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.commands.command_handler.DEADLINE_SECONDS", 0.1)
    held = customers._locks.setdefault(known, asyncio.Lock())
    async with held:
        with pytest.raises(TimeoutError):
            await customers.handle(known, INTERESTED, asked())


class Frozen(EventStore):
    """Appends, but does not return from reading."""

    async def read_latest(self, stream_id: UUID, fold: bytes) -> tuple[Snapshot | None, AsyncIterator[RecordedEvent]]:
        await asyncio.sleep(60)
        return await super().read_latest(stream_id, fold)

    async def answer(self, key: str) -> Answer | None:
        await asyncio.sleep(60)
        return await super().answer(key)


@pytest.mark.parametrize("has_key", [True, False])
async def test_a_command_that_needs_to_read_after_its_first_append_has_a_time_limit(
    store: EventStore, pool: Pool, known: UUID, monkeypatch: pytest.MonkeyPatch, has_key: bool
) -> None:
    await handler_on(store).handle(known, INTERESTED, asked("k"))
    monkeypatch.setattr("chassis.commands.command_handler.DEADLINE_SECONDS", 0.2)
    with pytest.raises(TimeoutError):
        await handler_on(Frozen(pool)).handle(known, INTERESTED, asked("k" if has_key else None), is_new=True)


class Counting(EventStore):
    """Counts how often streams are read: many at once, and alone."""

    tails = 0
    streams = 0

    async def read_tails(self, versions: Mapping[UUID, int], limit: int) -> dict[UUID, list[RecordedEvent]]:
        self.tails += 1
        return await super().read_tails(versions, limit)

    async def read_latest(self, stream_id: UUID, fold: bytes) -> tuple[Snapshot | None, AsyncIterator[RecordedEvent]]:
        self.streams += 1
        return await super().read_latest(stream_id, fold)


MANY = [f"地区{number}" for number in range(30)]


async def test_a_long_life_folds_the_same_with_and_without_the_cache(store: EventStore, known: UUID) -> None:
    customers = handler_on(store)
    for region in MANY:
        await customers.handle(known, ChangeProfile(profile=Profile(region=region)), asked())
    assert await customers.load(known) == await handler_on(store).load(known)


def linked_to(store: EventStore, other: UUID, command: Command = REGISTER) -> list[LinkedCommand]:
    """Return what is asked of another customer's stream at the same time."""
    return [handler_on(store).linked(other, command)]


async def test_commands_on_two_streams_are_stored_together(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    other = uuid4()
    command = AssignOwner(owner_id="E2")
    handled = await customers.handle(known, command, asked(), linked=linked_to(store, other))
    first, second = (await rows_of(store, known))[-1], (await rows_of(store, other))[0]
    assert (handled.version, second.id, first.subject, second.subject) == (2, first.id + 1, known, known)
    assert first.recorded_at == second.recorded_at


async def test_a_retry_over_two_streams_has_one_effect(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    other = uuid4()
    asking = linked_to(store, other, REGISTER)
    first, again = [await customers.handle(known, INTERESTED, asked("k"), linked=asking) for _ in range(2)]
    assert (again.body, again.replayed) == (first.body, True)
    assert (await versions(store, known), await versions(store, other)) == ([1, 2], [1])


async def test_a_refusal_in_the_second_stream_leaves_nothing_in_the_first(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    unknown = uuid4()
    with pytest.raises(RejectedError):
        await customers.handle(known, INTERESTED, asked("k"), linked=linked_to(store, unknown, SIGNED))
    assert await versions(store, known) == [1]
    assert not (await customers.handle(known, INTERESTED, asked("k"))).replayed


async def test_if_the_first_command_changes_nothing_the_second_does_not_run(
    customers: CommandHandler[Customer], store: EventStore, known: UUID
) -> None:
    other = uuid4()
    handled = await customers.handle(known, REGISTER, asked(), linked=linked_to(store, other))
    assert (handled.events, await versions(store, other)) == (0, [])


async def test_writers_who_meet_in_the_second_stream_lose_no_update(store: EventStore, known: UUID) -> None:
    async def one(number: int) -> Handled:
        asking = linked_to(store, known, AssignOwner(owner_id=f"E{number}"))
        return await handler_on(store).handle(uuid4(), REGISTER, asked(), linked=asking)

    answers = await asyncio.gather(*(one(number) for number in range(4)), return_exceptions=True)
    done = [answer for answer in answers if isinstance(answer, Handled)]
    assert all(isinstance(answer, Handled | ConflictError) for answer in answers)
    assert done
    assert await versions(store, known) == list(range(1, len(done) + 2))


async def test_both_states_are_remembered(customers: CommandHandler[Customer], store: EventStore, known: UUID) -> None:
    other = uuid4()
    await customers.handle(known, INTERESTED, asked(), linked=[customers.linked(other, REGISTER)])
    assert all(customers._streams.cached(each) for each in (known, other))
    assert await customers.load(other) == await handler_on(store).load(other)


async def test_what_is_taken_to_be_new_is_stored_without_a_look(
    customers: CommandHandler[Customer], store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[UUID] = []

    async def read_latest(stream_id: UUID, fold: bytes) -> tuple[Snapshot | None, AsyncIterator[RecordedEvent]]:
        looked.append(stream_id)
        return await EventStore.read_latest(store, stream_id, fold)

    monkeypatch.setattr(store, "read_latest", read_latest)
    first, second = uuid4(), uuid4()
    linked = [customers.linked(second, REGISTER)]
    handled = await customers.handle(first, REGISTER, asked("start"), linked=linked, is_new=True)
    again = await handler_on(store).handle(first, REGISTER, asked("start"), linked=linked, is_new=True)
    assert looked == []
    assert (handled.status, handled.events, again.replayed, again.body) == (201, 1, True, handled.body)
    assert [await versions(store, each) for each in (first, second)] == [[1], [1]]


async def test_what_was_not_so_new_is_found_out_when_it_is_stored(store: EventStore, known: UUID) -> None:
    fresh, other = handler_on(store), uuid4()
    same = await fresh.handle(known, REGISTER, asked(), linked=[fresh.linked(other, REGISTER)], is_new=True)
    changed = await handler_on(store).handle(known, INTERESTED, asked(), is_new=True)
    assert (same.status, same.version, same.events) == (200, 1, 0)
    assert changed.version == 2
    linked_known = await handler_on(store).handle(
        other, REGISTER, asked(), linked=[handler_on(store).linked(known, SIGNED)], is_new=True
    )
    assert (linked_known.status, linked_known.version) == (201, 1)
    assert await versions(store, known) == [1, 2, 3]
