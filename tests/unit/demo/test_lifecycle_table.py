"""The lifecycle table: texts in both languages, in order, without withdrawn alerts and cancelled tasks of plans."""

import re
from datetime import datetime
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from contracts.alerts import AlertEvent, AlertRaised, AlertWithdrawn
from contracts.customer import OrderDelivered, QuoteIssued, StageChanged
from contracts.event import Event
from contracts.examples import example
from contracts.followup import (
    ComplaintAnswered,
    ComplaintLinked,
    ComplaintTargetSet,
    ContactLogged,
    PlanStarted,
    SurveyAnswered,
    TaskCancelled,
    TaskCompleted,
    TaskScheduled,
)
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.task import TaskEvent
from contracts.topics import CONFIGURATION, EVENT_TYPES
from demo.lifecycle_table import by_day
from demo.lifecycle_texts import sentences

# What people do with alerts, tasks and complaints.
OF_WORK = (AlertEvent, *get_args(TaskEvent), *get_args(ComplaintEvent), *get_args(RepeatEvent))


def entry(event: Event, day: str = "2026-03-02", stream: UUID | None = None, **more: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid4()),
        "stream_id": str(stream or uuid4()),
        "type": event.type,
        "occurred_at": f"{day}T02:00:00Z",
        "data": event.model_dump(mode="json", exclude={"type"}, exclude_none=True) | more,
    }


@pytest.mark.parametrize("event_type", [each for each in EVENT_TYPES.values() if each not in CONFIGURATION])
def test_every_event_type_has_texts(event_type: type[Event]) -> None:
    told = sentences(entry(example(event_type)))
    assert told is None or all(told)


@pytest.mark.parametrize("event_type", [each for each in EVENT_TYPES.values() if issubclass(each, OF_WORK)])
def test_transitions_of_alerts_and_complaints_have_chinese_texts(event_type: type[Event]) -> None:
    told = sentences(entry(example(event_type)))
    assert told is None or re.search("[\u4e00-\u9fff]", told[1])


@pytest.mark.parametrize(
    ("event", "en", "zh"),
    [
        (example(QuoteIssued, amount_minor=12_800_000), "Quoted CNY 128,000.00", "报价 CNY 128,000.00"),
        (
            example(StageChanged, previous="new", stage="interested", reason=None),
            "Stage: new → interested",
            "阶段：新客户 → 意向",
        ),
        (
            ComplaintAnswered(employee_id="demo-seller", answered_in_time=False),
            "Answered, in time: no",
            "已答复，及时：否",
        ),
        (
            example(ComplaintTargetSet, answer_by=datetime.fromisoformat("2026-03-02T03:00:00Z")),
            "Target: answer by 03-02 11:00",
            "时限：03-02 11:00 前答复",
        ),
        (
            ContactLogged(channel="phone", direction="outbound", employee_id="demo-seller", purpose="callback"),
            "seller phone: callback",
            "销售甲 电话：回访",
        ),
        (example(SurveyAnswered), "Survey answered: 4 of 5", "作答：4 分（满分 5）"),
        (example(ComplaintLinked, number=2), "Complaint no. 2 about the same issue", "同一问题第 2 次投诉"),
    ],
)
def test_an_event_has_a_text_in_each_language(event: Event, en: str, zh: str) -> None:
    assert sentences(entry(event)) == (en, zh)


@pytest.mark.parametrize("event", [example(TaskCompleted), example(ComplaintLinked, number=1)])
def test_an_event_that_repeats_another_is_not_shown(event: Event) -> None:
    assert sentences(entry(event)) is None


def test_a_plan_is_shown_on_the_day_of_the_event_that_started_it() -> None:
    delivered = entry(OrderDelivered(), "2025-10-23")
    later = entry(OrderDelivered(), "2026-01-05")
    started = entry(example(PlanStarted), "2026-11-22", anchor_id=delivered["event_id"])
    told = by_day([started, later, delivered])
    assert told == [("2025-10-23", delivered), ("2025-10-23", started), ("2026-01-05", later)]


def test_withdrawn_alerts_and_cancelled_tasks_of_plans_are_left_out() -> None:
    alert, task = uuid4(), uuid4()
    nothing = [
        entry(example(AlertRaised), stream=alert),
        entry(example(AlertWithdrawn), stream=alert),
        entry(example(TaskScheduled), stream=task),
        entry(TaskCancelled(), stream=task),
        entry(TaskScheduled(assignee_id="E1", due_at=datetime.fromisoformat("2026-03-02T03:00:00Z"))),
    ]
    by_hand = uuid4()
    promised = entry(example(TaskScheduled, plan_id=None), stream=by_hand)
    called_off = entry(TaskCancelled(), stream=by_hand)
    assert [each for _, each in by_day([called_off, promised, *nothing])] == [promised, called_off]
