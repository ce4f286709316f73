"""Late facts, other orders and merges: what was told once is not told again."""

from uuid import uuid4

import pytest
from pydantic import ValidationError

from contracts import customer, followup
from contracts.customer import NeedStatus, Stage
from contracts.event import Event
from contracts.examples import example
from services.alerts.detection.evaluation import EMPTY, judge_again, raise_due, receive
from services.alerts.engine.changes import Ending
from services.alerts.engine.months import with_order
from services.alerts.engine.rule import RuleDefinition
from services.alerts.engine.rule_book import InForce, RuleBook
from services.alerts.engine.shapes import Silence
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.shipped.rules import DEFAULT_RULES, MISSED_FOLLOW_UP, MORE_COMPLAINTS
from tests.support.alert_changes import AlertChanges
from tests.support.customer_life import CUSTOMER, day, envelope
from tests.unit.alerts.test_shipped_rules import CONTRACT, kinds, lived, order, registered, signed, vip, watch

complaint = example(followup.ComplaintRaised)
lost = customer.StageChanged(previous=Stage.INTERESTED, stage=Stage.LOST)
back = customer.StageChanged(previous=Stage.LOST, stage=Stage.INTERESTED)


class Live:
    """One customer under one rule, whose events are received one by one, as by the detector."""

    def __init__(self, rule_id: str) -> None:
        rule = DEFAULT_RULES.rule(rule_id)
        assert rule
        self.rules = RuleBook(rules=(rule,))
        self.memory = EMPTY
        self.said: list[str] = []
        self._changes = AlertChanges()
        self.hear(registered, 0)

    def hear(self, event: Event, at: float, recorded: float | None = None, now: float | None = None) -> None:
        told = envelope(event, at, recorded=recorded, stream=uuid4())
        moment = day(now or (at if recorded is None else recorded))
        self.memory, found = receive(CUSTOMER, self.memory, [told], self.rules, moment)
        self.said += [each.type.split(".")[2] for each in self._changes.events(change for change, _ in found)]

    def look(self, at: float) -> None:
        self.memory, found = raise_due(CUSTOMER, self.memory, self.rules, day(at), day(at))
        self.said += [each.type.split(".")[2] for each in self._changes.events(found)]


def test_an_old_peak_does_not_take_the_place_of_an_open_one() -> None:
    live = Live("more-complaints")
    for at in (10, 11, 12, 100, 101, 102):
        live.hear(complaint, at)
        live.look(at)
    assert live.said == ["raised", "cleared", "raised"]
    live.hear(complaint, 99, recorded=103)
    assert live.said == ["raised", "cleared", "raised"]


def test_a_window_that_is_over_is_not_raised_again_by_an_event_of_a_slower_feed() -> None:
    live = Live("more-complaints")
    for at in (1, 2, 3):
        live.hear(complaint, at)
    live.look(31.2)
    assert live.said == ["raised", "cleared"]
    live.hear(customer.OwnerAssigned(owner_id="wang"), 30.9, now=31.3)
    assert live.said == ["raised", "cleared"]
    assert judge_again(CUSTOMER, live.memory, InForce(live.rules), day(40))[1] == []


def test_a_count_ends_when_its_window_closed_also_if_other_events_came_before_the_look() -> None:
    live = Live("more-complaints")
    for at in (1, 2, 3):
        live.hear(complaint, at)
    live.hear(example(followup.ContactLogged), 31.5)
    live.memory, (ending,) = raise_due(CUSTOMER, live.memory, live.rules, day(40), day(40))
    assert isinstance(ending, Ending)
    assert (ending.ends_at, ending.updated_at) == (day(31), day(40))


@pytest.mark.parametrize(
    ("rule_id", "events"),
    [
        ("need-without-offer", [customer.NeedStated(need="cloud-server")]),
        ("more-complaints", [complaint] * 3),
        ("key-date-forgotten", [example(customer.ImportantDateApproaching)]),
    ],
)
def test_who_was_won_back_is_not_alarmed_about_the_time_before(rule_id: str, events: list[Event]) -> None:
    live = Live(rule_id)
    for number, event in enumerate(events):
        live.hear(event, 1 + number)
    live.hear(lost, 5)
    live.said.clear()
    live.hear(back, 20)
    live.look(21)
    assert live.said == []


def test_orders_before_a_loss_are_no_fall_after_the_win_back() -> None:
    found = watch("purchases-falling", (signed, 0), *((order, at) for at in range(5, 390, 10)))
    lived(found, (lost, 400), (back, 600), (customer.StageChanged(previous=Stage.INTERESTED, stage=Stage.SIGNED), 601))
    assert kinds(found.asked(610)) == []


def test_a_higher_tier_shortens_what_is_open() -> None:
    live = Live("slow-quote")
    live.hear(example(customer.QuoteRequested), 1)
    live.hear(vip, 2.2)
    assert live.memory.next_due_at == day(2)
    live.look(2.3)
    assert live.said == ["raised"]


def test_a_short_contract_is_near_its_end_in_its_second_half() -> None:
    signed_for_a_month = customer.ContractSigned(**{**CONTRACT, "ends_on": day(30).date()})
    found = watch("contract-near-end").told(envelope(signed_for_a_month, 1, stream=uuid4()), now=1)
    assert found.next_due_at == day(1) + (day(31 - 8 / 24) - day(1)) / 2


def test_a_need_that_was_stated_after_another_was_met_stays_open() -> None:
    found = watch("need-without-offer", (customer.NeedStated(need="a"), 10))
    met = envelope(customer.NeedStated(need="a", status=NeedStatus.MET), 5, recorded=11)
    assert list(found.told(met, now=11).state.facts.needs) == ["a"]


def test_a_forgotten_order_that_is_cancelled_takes_nothing_away() -> None:
    assert with_order({"CNY": {24312: (100, 1)}}, "CNY", 24000, -100, -1) == {"CNY": {24312: (100, 1)}}


@pytest.mark.parametrize("signal", ["need", "registration"])
def test_a_signal_that_ends_nothing_is_refused(signal: str) -> None:
    with pytest.raises(ValidationError, match="can end no silence"):
        Silence(signals=(signal,), days={"maintenance": {"others": 3}})


def test_a_rule_about_tasks_cannot_ask_for_tasks() -> None:
    asked = {**MISSED_FOLLOW_UP.definition, "care": {"hours": 1}}
    with pytest.raises(ValidationError, match="cannot ask for a task"):
        RuleDefinition.model_validate(asked)
    assert RuleDefinition.model_validate({**MORE_COMPLAINTS.definition, "care": {"hours": 1}}).care


def test_many_due_items_are_raised_in_one_pass() -> None:
    rules, memory = RuleBook(rules=(MISSED_FOLLOW_UP,)), EMPTY
    scheduled = followup.TaskScheduled(assignee_id="li", due_at=day(3))
    events = [envelope(registered, 0), *(envelope(scheduled, 1, stream=uuid4()) for _ in range(300))]
    memory, _ = receive(CUSTOMER, memory, events, rules, day(1))
    memory, changes = raise_due(CUSTOMER, memory, rules, day(4), day(4))
    assert (len(changes), memory.next_due_at) == (300, NEVER_DUE)
