"""What an owner owes passes on with the customer: each promise as it stands, and nothing that others owe."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import customer
from contracts import followup as events
from contracts.customer import ItemKind
from contracts.event import Envelope, Event
from contracts.examples import DUE_AT, example, example_envelope
from services.customer import commands as customer_commands
from services.customer.domain import CUSTOMER
from services.customer.handovers.checklists import NEAR_DAYS, is_near_its_end
from services.customer.projection.commerce import ContractRow, project_contract
from services.customer.projection.followup import open_items
from services.followup.commands import PassComplaintOn, Reassign
from services.followup.domain.complaint import COMPLAINT, ComplaintState
from services.followup.domain.task import TASK
from services.followup.handovers.reassignment import passed_on
from tests.support.spec import Spec

OLD, NEW, HELPER = "E1007", "E2", "E5"
CUSTOMERS = 500
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TODAY = NOW.date()
DONE = (example(events.TaskCompleted), example(events.TaskCancelled), None, None)
STEPS: tuple[tuple[Event, ...], ...] = (
    (),
    (example(events.ComplaintPaused),),
    (example(events.ComplaintAnswered),),
    (example(events.ComplaintAnswered), example(events.ComplaintCommunicated)),
    (example(events.ComplaintAnswered), example(events.ComplaintConfirmed)),
    (example(events.ComplaintAnswered), example(events.ComplaintConfirmed), example(events.ComplaintClosed)),
)
task, complaint = Spec(TASK), Spec(COMPLAINT)
scheduled = example(events.TaskScheduled, assignee_id=OLD)
raised = example(events.ComplaintRaised, owner_id=OLD)
reassign = Reassign(assignee_id=NEW, reason="handover")


def test_somebody_else_owes_a_task_from_now_on() -> None:
    reassigned = events.TaskReassigned(previous_assignee_id=OLD, assignee_id=NEW, reason="handover")
    task.given(scheduled).when(reassign).then(reassigned)
    task.given(scheduled, reassigned).when(reassign).then()


def test_what_is_done_is_nobodys_to_take_over() -> None:
    task.given(scheduled, example(events.TaskCompleted)).when(reassign).then_rejected("task-closed")


def test_a_complaint_that_passes_on_is_where_it_was() -> None:
    assigned = events.ComplaintAssigned(previous_owner_id=OLD, owner_id=NEW, reason="handover")
    complaint.given(raised).when(PassComplaintOn(owner_id=NEW, reason="handover")).then(assigned)
    state = COMPLAINT.fold(COMPLAINT.initial, [raised, assigned])
    assert state
    assert (state.owner_id, state.state) == (NEW, ComplaintState.RAISED)


class Work:
    """What is owed to one customer, told as events and kept beside them as what it is."""

    def __init__(self, random: Random, customer_id: UUID) -> None:
        self.customer_id = customer_id
        self.random = random
        self.numbers = count()
        self.facts: list[Envelope[Any]] = []
        self.owed: dict[UUID, tuple[ItemKind, datetime, str]] = {}
        self.last_contact: tuple[datetime, UUID, str] | None = None
        self.contracts: list[Envelope[Any]] = []
        self.running: dict[UUID, date] = {}
        for _ in range(random.randrange(5)):
            random.choice([self.promise, self.complain, self.speak, self.sign])()

    def tell(self, stream_id: UUID, event: Event, at: datetime = NOW) -> None:
        number = len(self.facts) + 1
        self.facts.append(
            example_envelope(
                event, id=self.id(), subject=self.customer_id, stream_id=stream_id, position=number, occurred_at=at
            )
        )

    def id(self) -> UUID:
        return uuid5(self.customer_id, str(next(self.numbers)))

    def day(self) -> datetime:
        return NOW + timedelta(minutes=self.random.randrange(100_000))

    def promise(self) -> None:
        stream_id, who, due_at = self.id(), self.random.choice([OLD, OLD, HELPER]), self.day()
        self.tell(stream_id, example(events.TaskScheduled, assignee_id=who, due_at=due_at))
        if self.random.random() < 0.3:
            due_at, before = self.day(), due_at
            self.tell(stream_id, events.TaskRescheduled(previous_due_at=before, due_at=due_at))
        if done := self.random.choice(DONE):
            self.tell(stream_id, done)
        else:
            self.owed[stream_id] = ItemKind.TASK, due_at, who

    def complain(self) -> None:
        stream_id, who, at = self.id(), self.random.choice([OLD, HELPER]), self.day()
        self.tell(stream_id, example(events.ComplaintRaised, owner_id=who), at)
        self.tell(stream_id, example(events.ComplaintTargetSet))
        steps = self.random.choice(STEPS)
        for step in steps:
            self.tell(stream_id, step)
        if events.ComplaintClosed not in map(type, steps):
            self.owed[stream_id] = ItemKind.COMPLAINT, at, who

    def speak(self) -> None:
        contact_id, at, who = self.id(), self.day(), self.random.choice([OLD, HELPER])
        self.tell(contact_id, example(events.ContactLogged, automated=False, employee_id=who), at)
        if self.last_contact is None or at > self.last_contact[0]:
            self.last_contact = at, contact_id, who

    def sign(self) -> None:
        contract_id, ends_on = self.id(), self.random.choice([None, self.last_day()])
        self.agree(contract_id, example(customer.ContractSigned, ends_on=ends_on))
        if self.random.random() < 0.3:
            ends_on = self.last_day()
            self.agree(contract_id, example(customer.ContractRenewed, ends_on=ends_on))
        if self.random.random() < 0.3:
            self.agree(contract_id, example(customer.ContractEnded))
        elif ends_on:
            self.running[contract_id] = ends_on

    def last_day(self) -> date:
        return TODAY + timedelta(days=self.random.randrange(-150, 150))

    def agree(self, contract_id: UUID, event: Event) -> None:
        told = example_envelope(event, subject=self.customer_id, stream_id=contract_id, version=len(self.contracts) + 1)
        self.contracts.append(told)

    def ending(self) -> set[tuple[UUID, date]]:
        """Return the contracts that a new owner has to know of."""
        first, last = TODAY - timedelta(days=NEAR_DAYS), TODAY + timedelta(days=NEAR_DAYS)
        return {(contract_id, ends_on) for contract_id, ends_on in self.running.items() if first <= ends_on <= last}

    def checklist(self) -> set[tuple[ItemKind, UUID, datetime, str]]:
        """Return what a new owner has to know."""
        found = {(kind, concerns_id, at, who) for concerns_id, (kind, at, who) in self.owed.items()}
        if self.last_contact:
            at, contact_id, who = self.last_contact
            found.add((ItemKind.LAST_CONTACT, contact_id, at, who))
        return found


def listed(facts: list[Envelope[Any]]) -> set[tuple[ItemKind, UUID, datetime, str]]:
    rows: dict[UUID, open_items.OpenItem] = {}
    for fact in facts:
        open_items.project(rows, fact)
    return {(ItemKind(row.kind), row.concerns_id, row.at, row.employee_id) for row in rows.values() if row.is_open}


def listed_contracts(facts: list[Envelope[Any]]) -> set[tuple[UUID, date | None]]:
    rows: dict[UUID, ContractRow] = {}
    for fact in facts:
        rows[fact.stream_id] = project_contract(rows.get(fact.stream_id), fact)
    running = [row for row in rows.values() if row.ended_at is None]
    return {(row.contract_id, row.ends_on) for row in running if is_near_its_end(row, TODAY)}


def folded(facts: list[Envelope[Any]]) -> dict[UUID, Any]:
    """Return the state of every task and complaint."""
    states: dict[UUID, Any] = {}
    for fact in facts:
        if isinstance(fact.event, events.ContactLogged):
            continue
        decider: Any = TASK if fact.event.type.startswith("care.followup.task") else COMPLAINT
        states[fact.stream_id] = decider.evolve(states.get(fact.stream_id), fact.event)
    return states


def owner_of(state: Any) -> str:
    return str(state.assignee_id if hasattr(state, "assignee_id") else state.owner_id)


def handed(state: Any) -> Any:
    """Return a state with the new owner in the old one's place."""
    return replace(state, **{"assignee_id" if hasattr(state, "assignee_id") else "owner_id": NEW})


@settings(max_examples=8, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_of_500_customers_nothing_is_lost_and_nothing_begins_anew(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - made up, and the same again for the same seed
    for number in range(CUSTOMERS):
        work = Work(random, UUID(int=number + 1))
        assert listed(work.facts) == work.checklist()
        assert listed_contracts(work.contracts) == work.ending()
        before = folded(work.facts)
        for stream_id, command in passed_on(before, OLD, NEW):
            decider: Any = TASK if isinstance(command, Reassign) else COMPLAINT
            (event,) = decider.decide(before[stream_id], command)
            work.tell(stream_id, event)
            kind, at, who = work.owed[stream_id]
            assert who == OLD
            work.owed[stream_id] = kind, at, NEW
        assert listed(work.facts) == work.checklist()
        assert OLD not in {who for _, _, who in work.owed.values()}
        after = folded(work.facts)
        moved = work.owed.keys() & {key for key, state in before.items() if owner_of(state) == OLD}
        assert after == {key: handed(state) if key in moved else state for key, state in before.items()}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([OLD, NEW, HELPER]), min_size=1, max_size=6))
def test_at_every_instant_there_is_one_owner_and_the_stage_stays(owners: list[str]) -> None:
    state = CUSTOMER.fold(
        CUSTOMER.initial,
        [
            example(customer.Registered),
            customer.StageChanged(previous=customer.Stage.NEW, stage=customer.Stage.SIGNED),
            customer.OwnerAssigned(owner_id="E1"),
            customer.HelperAdded(employee_id="E7"),
        ],
    )
    for owner_id in owners:
        pass_on = customer_commands.PassOn(from_owner_id=state.owner_id, owner_id=owner_id)
        for event in CUSTOMER.decide(state, pass_on):
            before, state = state, CUSTOMER.evolve(state, event)
            assert state == replace(before, owner_id=owner_id, leader_id=None)
        assert state.owner_id == owner_id
        assert not state.holders.include(OLD) or owner_id == OLD
    assert state.stage is customer.Stage.SIGNED


def test_a_due_time_does_not_move() -> None:
    state = TASK.fold(TASK.initial, [scheduled, example(events.TaskReassigned)])
    assert state
    assert state.due_at == DUE_AT
