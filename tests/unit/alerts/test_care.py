"""A rule asks for a care task, and hears what became of it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts import customer, followup
from contracts.alerts import CareReported, CareResult
from contracts.customer import Kind
from contracts.event import Event
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.engine.care import Care, CareFor, report_stream
from services.alerts.engine.changes import CareReporting
from services.alerts.engine.raising import Begun
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import INACTIVITY
from tests.support.customer_life import CUSTOMER, day, envelope

TASK = uuid4()
registered = customer.Registered(kind=Kind.COMPANY)
owned = customer.OwnerAssigned(owner_id="wang", leader_id="chen")


def book(care: Care) -> RuleBook:
    return RuleBook(rules=(INACTIVITY.model_copy(update={"care": care}),))


@pytest.mark.parametrize(
    ("care", "assignee"),
    [
        (Care(hours=48), "wang"),
        (Care(hours=48, to=CareFor.LEADER), "chen"),
        (Care(hours=48, assignee_id="li"), "li"),
    ],
)
def test_an_alert_asks_for_a_task(care: Care, assignee: str) -> None:
    rules, memory = book(care), EMPTY
    memory, _ = receive(CUSTOMER, memory, [envelope(registered, 0), envelope(owned, 0)], rules, day(0))
    _, (change,) = raise_due(CUSTOMER, memory, rules, day(40), day(40))
    assert isinstance(change, Begun)
    assert change.alert.care is not None
    assert (change.alert.care.assignee_id, change.alert.care.purpose) == (assignee, "care")
    assert change.alert.care.due_at == day(40) + timedelta(hours=48)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize(
    ("end", "result", "outcome"),
    [
        (
            followup.TaskCompleted(due_at=day(42), employee_id="li", outcome="agreed"),
            CareResult.COMPLETED,
            ("li", "agreed"),
        ),
        (followup.TaskCancelled(), CareResult.CANCELLED, (None, None)),
    ],
)
def test_the_end_of_the_task_is_reported_to_the_alert(
    end: Event, result: CareResult, outcome: tuple[str | None, str | None], *, moved: bool
) -> None:
    alert_id, rules, memory = uuid4(), book(Care(hours=48)), EMPTY
    asked = followup.TaskScheduled(assignee_id="li", due_at=day(42), alert_id=alert_id, alert_rule="inactivity")
    own = followup.TaskScheduled(assignee_id="li", due_at=day(42))
    events = [envelope(registered, 0), envelope(asked, 41, stream=TASK), envelope(own, 41, stream=uuid4())]
    if moved:
        later = followup.TaskRescheduled(previous_due_at=day(42), due_at=day(43))
        events.append(envelope(later, 41.5, stream=TASK))
    memory, _ = receive(CUSTOMER, memory, events, rules, day(41.5))
    done = envelope(end.model_copy(update={"due_at": day(43 if moved else 42)}), 42, stream=TASK)
    memory, changes = receive(CUSTOMER, memory, [done], rules, day(42))
    (report,) = [change for change, _ in changes if isinstance(change, CareReporting)]
    assert report.alert_id == report_stream(alert_id)
    assert report.events(CUSTOMER, None) == [
        (
            CUSTOMER,
            CareReported(
                alert_id=alert_id,
                rule_id="inactivity",
                task_id=TASK,
                result=result,
                employee_id=outcome[0],
                outcome=outcome[1],
            ),
        )
    ]
    _, again = receive(CUSTOMER, memory, [done], rules, day(42))
    assert not again


def test_each_episode_asks_once_for_a_task_of_its_own() -> None:
    rules, memory = book(Care(hours=48)), EMPTY
    memory, _ = receive(CUSTOMER, memory, [envelope(registered, 0), envelope(owned, 0)], rules, day(0))
    memory, (first,) = raise_due(CUSTOMER, memory, rules, day(40), day(40))
    contact = followup.ContactLogged(channel="phone", direction="outbound", employee_id="wang", outcome="reached")
    memory, _ = receive(CUSTOMER, memory, [envelope(contact, 41)], rules, day(41))
    memory, (second,) = raise_due(CUSTOMER, memory, rules, day(90), day(90))
    _, again = raise_due(CUSTOMER, memory, rules, day(91), day(91))
    assert isinstance(first, Begun)
    assert isinstance(second, Begun)
    assert first.alert_id != second.alert_id
    assert [each.alert.care and each.alert.care.due_at for each in (first, second)] == [day(42), day(92)]
    assert not again
