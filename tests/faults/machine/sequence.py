"""The steps of a sequence: every rule is one step of one process, and rules run in any order.

Responses are compared with the model at once; everything else when the sequence has ended.
"""

import sys
from collections.abc import Callable, Coroutine
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.store.snapshots import SNAPSHOT_EVERY
from contracts.customer import Stage
from services.alerts.detection import appending
from services.alerts.detection.appending import MAX_ALERTS_AT_ONCE
from services.customer.commands import ChangeProfile, ChangeStage, Profile, Register, SetTier
from tests.faults.machine.broker import HALF_SENT
from tests.faults.machine.model import CUSTOMERS, REASONS, Model, Order
from tests.faults.machine.processes import APPLYING
from tests.faults.machine.system import System, both, place_of

CUSTOMER = st.sampled_from(CUSTOMERS)
ONE_OF_TWO = st.integers(0, 1)
OLD = st.integers(0, 1_000)
GUARD = st.sampled_from([None, None, None, 0, -1])
BEFORE, AFTER = "append.before-commit", "append.after-commit"
AT_APPEND = st.sampled_from([None, None, None, BEFORE, AFTER])
AT_RELAY = st.sampled_from([None, None, "relay.before-produce", HALF_SENT, "relay.after-acknowledgement"])
AT_READER = st.sampled_from([None, None, None, APPLYING])
STAGES = st.sampled_from([Stage.INTERESTED, Stage.LOST, Stage.ESTABLISHED])
PASSING = st.sampled_from([timedelta(seconds=31), timedelta(hours=1), timedelta(days=8), timedelta(days=31)])
# Once, until more time has passed: less than the difference at which a store refuses appends.
STEP_BACK = timedelta(seconds=-30)


class AnySequence(RuleBasedStateMachine):
    """One sequence on one system, starting with empty databases."""

    def __init__(self, system: System, play: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        super().__init__()
        self.system, self.play = system, play
        self.model = Model()
        self.orders: list[Order] = []
        self.rebuilds = 0
        self.copied: Any = None
        self.is_big = self.is_stepped_back = False
        self.patch = pytest.MonkeyPatch()
        play(system.databases.begin())

    def dying(self, place: str | None, step: Coroutine[Any, Any, Any]) -> Any:
        """Run a step; its process dies if it reaches the crash point."""
        self.system.death.kill_at(place)
        result = self.play(step)
        self.system.death.kill_at(None)
        return result

    def ask(self, order: Order, process: int, dies_at: str | None = None) -> None:
        expected = self.model.expect(order)
        told = self.dying(dies_at, self.system.ask(order, process))
        if told is not None:
            assert told == expected, f"{order.key} returned {told}, not {expected}"
            self.model.apply(order)
        elif self.play(self.system.has_answer(order.key)):
            assert dies_at == AFTER or order.key in self.model.answers, f"{order.key} was stored by a dead process"
            self.model.apply(order)

    def order(self, customer: UUID, command: Any, guard: int | None = None) -> Order:
        """Create an order; `guard` is the error of the version that the caller expects."""
        version = self.model.customers.get(customer, {}).get("version", 0)
        if_match = None if guard is None else max(0, version + guard)
        self.orders.append(Order(f"key-{len(self.orders)}", customer, command, if_match))
        return self.orders[-1]

    def profile(self, *, contacted: bool = False) -> ChangeProfile:
        at = self.system.databases.now if contacted else None
        return ChangeProfile(profile=Profile(industry=f"行业{len(self.orders)}", last_contacted_at=at))

    @initialize(process=ONE_OF_TWO, dies_at=AT_APPEND)
    def begin(self, process: int, dies_at: str | None) -> None:
        self.ask(self.order(CUSTOMERS[0], Register(name="公司")), process, dies_at)

    @rule(customer=CUSTOMER, process=ONE_OF_TWO, guard=GUARD, dies_at=AT_APPEND)
    def register(self, customer: UUID, process: int, guard: int | None, dies_at: str | None) -> None:
        self.ask(self.order(customer, Register(name="公司"), guard), process, dies_at)

    @rule(customer=CUSTOMER, process=ONE_OF_TWO, guard=GUARD, contacted=st.booleans(), dies_at=AT_APPEND)
    def change(self, customer: UUID, process: int, guard: int | None, contacted: bool, dies_at: str | None) -> None:
        self.ask(self.order(customer, self.profile(contacted=contacted), guard), process, dies_at)

    @rule(customer=CUSTOMER, process=ONE_OF_TWO, stage=STAGES, dies_at=AT_APPEND)
    def step(self, customer: UUID, process: int, stage: Stage, dies_at: str | None) -> None:
        self.ask(self.order(customer, ChangeStage(stage=stage, reason=REASONS.get(stage))), process, dies_at)

    @rule(customer=CUSTOMER, process=ONE_OF_TWO, tier=st.sampled_from(["vip", "growth"]), dies_at=AT_APPEND)
    def set_tier(self, customer: UUID, process: int, tier: str, dies_at: str | None) -> None:
        self.ask(self.order(customer, SetTier(tier=tier)), process, dies_at)

    @precondition(lambda self: self.orders)
    @rule(old=OLD, process=ONE_OF_TWO, dies_at=AT_APPEND)
    def retry(self, old: int, process: int, dies_at: str | None) -> None:
        self.ask(self.orders[old % len(self.orders)], process, dies_at)

    @precondition(lambda self: self.model.answers)
    @rule(old=OLD, process=ONE_OF_TWO)
    def use_a_key_again_for_something_else(self, old: int, process: int) -> None:
        answered = [order for order in self.orders if order.key in self.model.answers]
        order = answered[old % len(answered)]
        refused = self.play(self.system.is_refused_for_its_key(order, process))
        assert refused, f"{order.key} returned a success for another request"

    @rule(customer=CUSTOMER)
    def send_one_order_to_both_at_once(self, customer: UUID) -> None:
        order = self.order(customer, self.profile())
        expected = self.model.expect(order)
        told = self.play(both(*(self.system.ask(order, process) for process in (0, 1))))
        assert {(each.version, each.refusal) for each in told} == {(expected.version, expected.refusal)}, told
        assert sum(each.events for each in told) == expected.events, told
        self.model.apply(order)

    @precondition(lambda self: self.model.customers)
    @rule(old=OLD)
    def send_rivals_at_once(self, old: int) -> None:
        customer = sorted(self.model.customers)[old % len(self.model.customers)]
        orders = [self.order(customer, self.profile()) for _ in (0, 1)]
        told = self.play(both(*(self.system.ask(order, process) for process, order in enumerate(orders))))
        ranked = sorted(zip((each.version for each in told), (0, 1), strict=True))
        for version, number in ranked:
            assert version == self.model.expect(orders[number]).version, told
            self.model.apply(orders[number])

    @rule(process=ONE_OF_TWO)
    def restart(self, process: int) -> None:
        self.system.command_processes[process].restart()

    @rule(relay_pair=ONE_OF_TWO, relay=ONE_OF_TWO, dies_at=AT_RELAY)
    def publish(self, relay_pair: int, relay: int, dies_at: str | None) -> None:
        self.dying(dies_at, self.system.relay_pairs[relay_pair].publish(relay))

    @rule(
        group=ONE_OF_TWO,
        member=ONE_OF_TWO,
        customer=CUSTOMER,
        start=st.none() | st.integers(0, 12),
        count=st.integers(1, 12),
        dies_at=AT_READER,
    )
    def deliver(
        self, group: int, member: int, customer: UUID, start: int | None, count: int, dies_at: str | None
    ) -> None:
        self.dying(dies_at, self.system.deliver(group, member, [place_of(customer)], start, count))

    @rule(dies_at=AT_READER)
    def list_customers(self, dies_at: str | None) -> None:
        self.dying(dies_at, self.system.list_projection.catch_up())

    @precondition(lambda self: self.rebuilds == 0 and len(self.orders) > 3)
    @rule()
    def rebuild_the_list(self) -> None:
        self.rebuilds += 1
        self.play(self.system.list_projection.rebuild())

    @rule(time=PASSING)
    def pass_time(self, time: timedelta) -> None:
        self.is_stepped_back = False
        self.play(self.system.databases.pass_time(time))

    @rule(time=PASSING, relay=ONE_OF_TWO, member=ONE_OF_TWO)
    def pass_time_and_run_everything(self, time: timedelta, relay: int, member: int) -> None:
        self.is_stepped_back = False
        self.play(self.system.databases.pass_time(time))
        self.play(self.system.let_flow(relay, member))

    @rule()
    def publish_watermarks_of_followup(self) -> None:
        self.play(self.system.deliver_marks())

    @rule()
    def evaluate_alerts(self) -> None:
        self.play(self.system.evaluate_alerts())

    @rule(alerts=st.sampled_from([0, MAX_ALERTS_AT_ONCE]))
    def limit_alerts_at_once(self, alerts: int) -> None:
        """Let the events of all changes of alerts wait from now on, or of none."""
        self.patch.setattr(appending, "MAX_ALERTS_AT_ONCE", alerts)

    @rule()
    def append_pending_changes(self) -> None:
        self.play(self.system.append_pending_changes())

    @rule()
    def copy_the_databases(self) -> None:
        self.copied = (self.play(self.system.copy()), deepcopy(self.model))

    @precondition(lambda self: self.copied)
    @rule()
    def restore_the_copy(self) -> None:
        copied, model = self.copied
        self.play(self.system.restore(copied))
        self.model = deepcopy(model)

    @precondition(lambda self: not self.is_stepped_back)
    @rule()
    def step_the_clock_back(self) -> None:
        self.is_stepped_back = True
        self.play(self.system.databases.pass_time(STEP_BACK))

    @precondition(lambda self: self.model.customers and not self.is_big)
    @rule(process=ONE_OF_TWO)
    def make_a_customer_big(self, process: int) -> None:
        self.is_big = True
        customer = min(self.model.customers)
        for _ in range(SNAPSHOT_EVERY + 1):
            self.ask(self.order(customer, self.profile()), process)

    @rule()
    def lose_kafka(self) -> None:
        self.system.lose_kafka()

    @invariant()
    def positions_move_on(self) -> None:
        self.play(self.system.positions_move_on())

    @invariant()
    def cursors_are_published(self) -> None:
        self.play(self.system.cursors_are_published())

    def teardown(self) -> None:
        self.patch.undo()
        # The error of a failed step says more than the state that it left.
        if sys.exception() is None:
            self.play(self.system.settle(self.model))
