"""Any life of a complaint, by hypothesis: it closes honestly, and its first verdict stands."""

from contextlib import suppress
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.commands.decider import RejectedError
from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import working
from contracts import followup as events
from contracts.examples import OWNER, example_envelope
from contracts.followup.complaint import ComplaintEvent
from services.followup.commands import (
    Answer,
    AssignComplaint,
    Close,
    Communicate,
    ComplaintCommand,
    Confirm,
    Consent,
    Pause,
    Raise,
    Reopen,
    Resume,
)
from services.followup.commands.complaint import WorkMoment
from services.followup.domain.complaint import COMPLAINT, Complaint
from services.followup.projection.complaints import ComplaintRow, project

CALENDAR = SHIPPED[CHINA_OFFICE]
STEPS: list[ComplaintCommand] = [
    AssignComplaint(owner_id="E2"),
    AssignComplaint(owner_id="E3"),
    Pause(reason="waits"),
    Resume(),
    Answer(employee_id=OWNER),
    Communicate(channel=events.Channel.PHONE),
    Confirm(),
    Consent(),
    Close(),
    Reopen(reason="again"),
]


class ComplaintMachine(RuleBasedStateMachine):
    """Takes any step after any time; what is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 1, 30, 9, tzinfo=working(CALENDAR).zone)
        self.state: Complaint | None = None
        self.row: ComplaintRow | None = None
        self.facts: list[tuple[datetime, ComplaintEvent]] = []
        self.first_verdict: tuple[bool | None, bool | None] | None = None

    @initialize(severity=st.sampled_from(events.Severity))
    def raise_it(self, severity: events.Severity) -> None:
        self.take(Raise(channel=events.Channel.PHONE, severity=severity, owner_id=OWNER))

    @rule(step=st.sampled_from(STEPS), hours=st.sampled_from([0, 0.25, 1, 7, 20, 100, 200]))
    def step(self, step: ComplaintCommand, hours: float) -> None:
        self.now += timedelta(hours=hours)
        with suppress(RejectedError):
            self.take(step)

    def take(self, command: ComplaintCommand) -> None:
        command = command.model_copy()
        command._moment = WorkMoment(self.now, CALENDAR)
        for fact in COMPLAINT.decide(self.state, command):
            self.look_at(fact)
            self.state = COMPLAINT.evolve(self.state, fact)
            self.facts.append((self.now, fact))
            version = len(self.facts)
            self.row = project(self.row, example_envelope(fact, version=version, occurred_at=self.now))
            if isinstance(fact, events.ComplaintClosed) and self.first_verdict is None:
                self.first_verdict = (self.row.was_answered_in_time, fact.resolved_in_time)

    def look_at(self, fact: ComplaintEvent) -> None:
        """No path closes without the customer's word, or its silence for as long as it was told."""
        before = [known for _, known in self.facts]
        if isinstance(fact, events.ComplaintConsented):
            at, told = next(
                (at, each) for at, each in reversed(self.facts) if isinstance(each, events.ComplaintCommunicated)
            )
            since = before[last(before, told) :]
            assert not [each for each in since if isinstance(each, events.ComplaintAnswered | REOPENED_OR_SETTLED)]
            days = {at.date() + timedelta(days=number) for number in range(1, (self.now - at).days + 1)}
            assert sum(working(CALENDAR).is_workday(day) for day in days) >= told.consent_workdays
        if isinstance(fact, events.ComplaintClosed):
            settling = [each for each in before if isinstance(each, REOPENED_OR_SETTLED)]
            assert isinstance(settling[-1], events.ComplaintConfirmed | events.ComplaintConsented)

    @invariant()
    def the_first_verdict_stands(self) -> None:
        if self.first_verdict is not None and self.row is not None:
            assert (self.row.was_answered_in_time, self.row.verdict) == self.first_verdict

    @invariant()
    def the_list_and_the_rules_agree(self) -> None:
        if self.state and self.row:
            assert (self.row.state, self.row.owner_id) == (self.state.state, self.state.owner_id)
            assert (self.row.pause_reason is not None) == bool(self.state.clock and self.state.clock.paused)


def last(facts: list[ComplaintEvent], fact: ComplaintEvent) -> int:
    return len(facts) - 1 - facts[::-1].index(fact)


REOPENED_OR_SETTLED = events.ComplaintConfirmed | events.ComplaintConsented | events.ComplaintReopened
TestComplaints = ComplaintMachine.TestCase
TestComplaints.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
