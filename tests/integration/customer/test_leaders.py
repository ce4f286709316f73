"""The customers of an employee get the employee's new leader, on a real PostgreSQL."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import transaction
from chassis.runtime.clock import utc_now
from contracts.customer import EmployeeLeaderChanged
from contracts.event import Envelope
from services.customer import projection
from services.customer.actor import ACTOR
from services.customer.commands import AssignOwnerInList
from services.customer.dependencies import Dependencies
from services.customer.domain import CUSTOMER, Customer
from services.customer.leaders import changes, follower
from services.customer.leaders.changes import MAX_LEADERS
from services.customer.leaders.follower import PAUSE, LeaderFollower
from services.customer.workers import handover_batches
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_merging import id_of, merge, release
from tests.support.waiting import eventually

LATER = PAUSE
POSITION = "SELECT coalesce(max(position), 0) FROM consumer_position WHERE consumer = $1"
DUE = "SELECT count(*) FROM leader_change WHERE due_at IS NOT NULL"


async def put(api: Api, employee_id: str = "E1", **fields: Any) -> httpx.Response:
    headers = api.issuer.headers("ops", "ops")
    return await api.client.put(f"/v1/employees/{employee_id}", json={"name": "王芳"} | fields, headers=headers)


async def leads(api: Api, leader_id: str, employee_id: str = "E1") -> None:
    """Give the employee a leader; wait until the list of customers has applied it."""
    assert (await put(api, employee_id, leader_id=leader_id)).json()["leader_id"] == leader_id
    await listed(api)


async def listed(api: Api) -> None:
    head = await needs_of(api).store.head()

    async def is_listed() -> bool:
        return bool(await api.pool.fetchval(POSITION, projection.CONSUMER) >= head)

    await eventually(is_listed)


async def owned(api: Api, count: int, owner_id: str = "E1", **fields: Any) -> list[str]:
    return [await api.registered(owner_id=owner_id, **fields) for _ in range(count)]


async def leaders(api: Api, addresses: list[str]) -> list[str | None]:
    return [(await api.get(address)).json()["leader_id"] for address in addresses]


def needs_of(api: Api) -> Dependencies:
    needs: Dependencies = api.service.app.state.dependencies
    return needs


async def hands_all_over(api: Api, employee_id: str = "E1", **fields: str) -> None:
    """Run a handover batch, which marks the employee as left."""
    body = {"from_owner_id": employee_id, "to_owner_ids": ["E9"], "leaves": True} | fields
    address = (await api.post("/v1/handover-batches", body)).headers["location"]

    async def has_ended() -> bool:
        await handover_batches(needs_of(api)).run_due()
        return (await api.get(address)).json()["ended_at"] is not None

    await eventually(has_ended)


def worker(
    api: Api, after: timedelta = timedelta(), customers: CommandHandler[Customer] | None = None
) -> LeaderFollower:
    """Return what the timer calls, with a clock that is ahead by `after`."""
    needs = needs_of(api)
    return LeaderFollower(api.pool, customers or needs.customers, needs.employees, lambda: utc_now() + after)


async def followed(api: Api) -> list[Envelope[Any]]:
    """Return the events by which customers followed their owner, in order."""
    recorded = map(needs_of(api).mapper.to_envelope, await needs_of(api).store.read_all(after=0))
    return [each for each in recorded if each.metadata.actor == ACTOR.name]


async def test_customers_follow_their_owners_first_leader_the_next_one_and_none(api: Api) -> None:
    derived, stated = await owned(api, 3), await owned(api, 1, leader_id="L9")
    others = await owned(api, 1, "E2")
    for body, expected in (({"leader_id": "L1"}, "L1"), ({"leader_id": "L2"}, "L2"), ({"clear": ["leader_id"]}, None)):
        assert (await put(api, **body)).json()["leader_id"] == expected

        async def have_followed(expected: str | None = expected) -> bool:
            return await leaders(api, derived) == [expected] * 3

        await eventually(have_followed)
    assert await leaders(api, [*stated, *others]) == ["L9", None]
    assert (await api.get(derived[0], "L1", "leader")).status_code == 403
    event = (await followed(api))[0]
    assert (event.event.previous_owner_id, event.event.owner_id, event.event.leader_id) == ("E1", "E1", "L1")
    assert event.metadata.causation_id is not None


async def test_a_stated_leader_stays_also_if_it_is_the_one_that_the_owner_had(still: Api) -> None:
    await leads(still, "L1")
    [stated], [derived] = await owned(still, 1, leader_id="L1"), await owned(still, 1)
    await leads(still, "L2")
    await worker(still).run_due()
    assert await leaders(still, [stated, derived]) == ["L1", "L2"]
    # To assign the owner without naming a leader releases it.
    await still.post(f"{stated}/owner", {"owner_id": "E1"})
    assert await leaders(still, [stated]) == ["L2"]


async def test_of_two_changes_in_a_row_the_last_one_counts(still: Api) -> None:
    addresses = await owned(still, 4)
    await leads(still, "L1")
    await worker(still).run_due()
    await leads(still, "L2")
    first = await changes.next_changes(still.pool, utc_now() + LATER, 1)
    await leads(still, "L3")
    # A worker that still has the first change at hand does not keep the last one from being applied.
    await changes.finish(still.pool, first[0])
    await worker(still).run_due()
    assert await leaders(still, addresses) == ["L3"] * 4
    assert [each.event.leader_id for each in await followed(still)] == ["L1"] * 4 + ["L3"] * 4


async def test_an_interrupted_change_is_completed_and_changes_each_customer_once(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The appends of a killed worker are committed, but not how far it got. Two workers go on at once."""
    monkeypatch.setattr(follower, "PART", 2)
    addresses = await owned(still, 5)
    await leads(still, "L1")
    with monkeypatch.context() as killed:
        killed.setattr(changes, "CONTINUE", f"{changes.CONTINUE} AND false")
        await worker(still).run_due()
        assert await leaders(still, addresses) == ["L1", "L1", None, None, None]
    for _ in range(3):
        await asyncio.gather(worker(still).run_due(), worker(still).run_due())
        await listed(still)
    assert await leaders(still, addresses) == ["L1"] * 5
    assert Counter(each.subject for each in await followed(still)) == Counter(UUID(id_of(each)) for each in addresses)


async def test_employees_take_turns_and_a_change_ends(still: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "PART", 2)
    monkeypatch.setattr(follower, "EMPLOYEES_AT_ONCE", 1)
    many, [one] = await owned(still, 5), await owned(still, 1, "E2")
    await leads(still, "L1")
    await leads(still, "L1", "E2")
    assert [await worker(still).run_due(), await worker(still).run_due()] == [1, 1]
    assert await leaders(still, [*many, one]) == ["L1", "L1", None, None, None, "L1"]

    passes = count(1)

    async def is_done() -> bool:
        await worker(still, next(passes) * LATER).run_due()
        return not await still.pool.fetchval(DUE)

    await eventually(is_done)
    assert await leaders(still, many) == ["L1"] * 5
    assert await worker(still, next(passes) * LATER).run_due() == 0


class Failing(CommandHandler[Customer]):
    """Fails for one customer."""

    failing: UUID
    error: Exception

    async def handle(self, stream_id: UUID, *args: Any, **options: Any) -> Any:
        if stream_id == self.failing:
            raise self.error
        return await super().handle(stream_id, *args, **options)


@pytest.mark.parametrize("error", [LookupError("unreadable"), TimeoutError()], ids=["unreadable", "too slow"])
async def test_a_customer_that_fails_stops_no_other_and_is_tried_again(still: Api, error: Exception) -> None:
    addresses, [other] = await owned(still, 3), await owned(still, 1, "E2")
    needs = needs_of(still)
    handler = Failing(needs.store, CUSTOMER, needs.mapper)
    handler.failing, handler.error = UUID(id_of(addresses[0])), error
    await leads(still, "L1")
    await leads(still, "L1", "E2")
    assert await worker(still, customers=handler).run_due() == 2
    assert await leaders(still, [*addresses, other]) == [None, "L1", "L1", "L1"]
    await listed(still)
    assert await worker(still, customers=handler).run_due() == 0
    assert await still.pool.fetchval(DUE) == 2
    await worker(still, LATER).run_due()
    assert await leaders(still, addresses) == ["L1"] * 3


async def test_an_unmarked_leader_that_was_never_the_owners_stays(still: Api) -> None:
    """So events from before say it, in which a stated leader is not marked."""
    former, other = await owned(still, 2)
    await leads(still, "L1")
    for address, leader_id in ((former, "L1"), (other, "L9")):
        unmarked = AssignOwnerInList(owner_id="E1", owners_leader_id=leader_id)
        context = ACTOR.on_timer(utc_now(), address, address)
        await needs_of(still).customers.handle(UUID(id_of(address)), unmarked, context)
    await leads(still, "L2")
    await worker(still).run_due()
    assert await leaders(still, [former, other]) == ["L2", "L9"]


async def test_a_merged_duplicate_follows_and_an_erased_customer_gets_no_event(still: Api) -> None:
    survivor, duplicate, erased, other = await owned(still, 4)
    await merge(still, survivor, duplicate)
    await leads(still, "L1")
    # Erased after the list was read.
    body = {"reason": "asked-by-person"}
    erasure = await still.post(f"{erased}/erasure", body, "admin", "admin")
    assert erasure.status_code < 300, erasure.text
    await worker(still).run_due()
    await release(still, survivor, duplicate)
    assert await leaders(still, [survivor, duplicate, other]) == ["L1"] * 3
    assert UUID(id_of(erased)) not in {each.subject for each in await followed(still)}


async def test_a_customer_that_was_handed_over_keeps_the_leader_of_its_new_owner(still: Api) -> None:
    await leads(still, "L1")
    await leads(still, "L5", "E2")
    [handed_over] = await owned(still, 1)
    await still.post(f"{handed_over}/handover", {"to_owner_id": "E2"})
    [waiting] = await owned(still, 1, "E2")
    await still.post(f"{waiting}/handover", {"to_owner_id": "E1"})
    await leads(still, "L2")
    await still.post(f"{handed_over}/handover/acceptance", {})
    # The handover started when L1 led the new owner.
    await still.post(f"{waiting}/handover/acceptance", {})
    await worker(still).run_due()
    assert await leaders(still, [handed_over, waiting]) == ["L5", "L2"]


async def test_a_leader_stated_at_the_start_of_a_handover_stays(still: Api) -> None:
    [address] = await owned(still, 1, "E2")
    await still.post(f"{address}/handover", {"to_owner_id": "E1", "to_leader_id": "L9"})
    await leads(still, "L1")
    await still.post(f"{address}/handover/acceptance", {})
    await leads(still, "L2")
    await worker(still).run_due()
    assert await leaders(still, [address]) == ["L9"]


async def test_an_employee_who_has_left_becomes_nobodys_leader(still: Api) -> None:
    await leads(still, "L1")
    [address] = await owned(still, 1)
    await put(still, "L2", has_left=True)
    refused = await put(still, leader_id="L2")
    assert (refused.status_code, refused.json()["code"]) == (409, "employee-left")
    await leads(still, "L3")
    # L3 leaves before the customers have followed.
    await put(still, "L3", has_left=True)
    await worker(still).run_due()
    assert await leaders(still, [address]) == [None]


async def test_a_leader_cannot_be_set_and_cleared_at_once(still: Api) -> None:
    refused = await put(still, leader_id="L1", clear=["leader_id"])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/clear")


async def test_a_repeated_request_changes_nothing(still: Api) -> None:
    await leads(still, "L1")
    await leads(still, "L1")
    types = await still.pool.fetch("SELECT type FROM event")
    assert [row["type"] for row in types] == ["care.customer.employee-leader-changed.v1"]


async def test_a_rebuild_of_the_list_applies_no_change_again(still: Api) -> None:
    await leads(still, "L1")
    await worker(still, LATER).run_due()
    assert await still.pool.fetchval(DUE) == 0
    needs = needs_of(still)
    envelopes = list(map(needs.mapper.to_envelope, await needs.store.read_all(after=0)))
    async with transaction(still.pool) as held:
        await projection.handler(needs.pseudonyms)(envelopes, held)
    assert await still.pool.fetchval(DUE) == 0


async def test_only_the_last_leaders_of_an_employee_are_kept(still: Api) -> None:
    needs = needs_of(still)
    await leads(still, "L0")
    [first] = map(needs.mapper.to_envelope, await needs.store.read_all(after=0))
    found = [
        replace(first, position=number, event=EmployeeLeaderChanged(employee_id="E1", leader_id=f"L{number}"))
        for number in range(2, MAX_LEADERS + 10)
    ]
    async with transaction(still.pool) as held:
        await changes.store(held, found)
    kept = await still.pool.fetchval("SELECT leader_ids FROM leader_change")
    assert (len(kept), kept[0]) == (MAX_LEADERS, f"L{MAX_LEADERS + 9}")
