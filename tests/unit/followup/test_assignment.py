"""Who is given work: those who are there before those who are away, in turn; and what the complaint policy says."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.examples import OWNER
from contracts.followup import Channel, ComplaintAssigned, ComplaintRaised, TaskScheduled
from contracts.followup.complaint_policy import ComplaintAssignee, ComplaintAssignment
from contracts.followup.plan import Assignment
from services.followup.assignment import in_turn, present, turn_of
from services.followup.commands.complaint import RaiseByRule
from services.followup.commands.complaint_policy import AssignmentInput, PublishComplaintPolicy
from services.followup.commands.task import ScheduleByRule, ScheduleTask
from services.followup.complaints.receiver import RECEIVER, assignment_of
from services.followup.domain.complaint import COMPLAINT, ComplaintState
from services.followup.domain.complaint_policy import policy_of
from services.followup.domain.task import TASK
from services.followup.shipped.complaint_policy import SHIPPED
from tests.support.spec import Spec

TEAM = ("E1", "E2", "E3", "E4", "E5")
DUE = "2026-12-01T09:00:00+08:00"
teams = st.lists(st.sampled_from(TEAM), min_size=1, unique=True)
people = st.sets(st.sampled_from(TEAM))


@given(teams, people, st.integers(min_value=1, max_value=1_000))
def test_nobody_who_is_away_is_given_work_while_somebody_of_the_team_is_there(
    team: list[str], away: set[str], turn: int
) -> None:
    chosen = in_turn(present(team, dict.fromkeys(away)), turn)
    assert chosen in team
    assert chosen not in away or set(team) <= away


@given(teams, people, st.integers(min_value=1, max_value=1_000))
def test_each_of_those_who_are_there_has_a_turn_before_anybody_has_a_second(
    team: list[str], away: set[str], first: int
) -> None:
    there = present(team, dict.fromkeys(away))
    turns = Counter(in_turn(there, first + number) for number in range(len(there)))
    assert turns == Counter(there)


def test_a_teams_turns_are_remembered_by_who_is_in_it() -> None:
    assert turn_of(("E1", "E2")) == turn_of(["E1", "E2"]) != turn_of(("E1", "E2E"))


@pytest.mark.parametrize(
    "said",
    [
        {"assign": "owner", "assignee_id": "E1"},
        {"assign": "owner", "team": ["E1"]},
        {"assign": "round-robin"},
        {"team": ["E1"]},
    ],
)
def test_a_task_names_its_assignee_in_one_way(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ScheduleTask.model_validate({"due_at": DUE} | said)


def test_a_task_that_a_rule_gave_says_by_which() -> None:
    command = ScheduleByRule(
        due_at=DUE,
        assignee_id="E2",
        assignment=Assignment.OWNER,
        stands_in_for=OWNER,
    )
    scheduled = TaskScheduled(assignee_id="E2", due_at=command.due_at, assignment=Assignment.OWNER, stands_in_for=OWNER)
    Spec(TASK).given().when(command).then(scheduled)


DELIVERY = ComplaintAssignment(category="delivery", assign=ComplaintAssignee.RECEIVER)
ANY = ComplaintAssignment(assign=ComplaintAssignee.ROUND_ROBIN, team=("E1", "E2"))


def test_what_is_said_of_a_category_goes_before_what_is_said_of_any() -> None:
    policy = SHIPPED.model_copy(update={"assignments": (ANY, DELIVERY)})
    assert assignment_of(policy, "delivery") == DELIVERY
    assert (assignment_of(policy, "billing"), assignment_of(policy, None)) == (ANY, ANY)
    assert assignment_of(SHIPPED, "delivery") == RECEIVER


def test_the_policy_keeps_its_assignments() -> None:
    targets = [{"severity": "low", "answer_minutes": 60, "resolve_minutes": 900}]
    any_category = {"assign": "round-robin", "team": ["E1", "E2"]}
    said = {"targets": targets, "assignments": [any_category]}
    assert policy_of(PublishComplaintPolicy.model_validate(said)).assignments == (ANY,)
    with pytest.raises(ValidationError):
        PublishComplaintPolicy.model_validate(said | {"assignments": [any_category, any_category]})


@pytest.mark.parametrize("said", [{"assign": "receiver", "team": ["E1"]}, {"assign": "least-loaded"}])
def test_only_what_is_of_a_team_names_one(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AssignmentInput.model_validate(said)


def raised_for(to_owner_id: str) -> RaiseByRule:
    return RaiseByRule(
        channel=Channel.PHONE,
        owner_id=OWNER,
        to_owner_id=to_owner_id,
        assignment=Assignment.ROUND_ROBIN,
        policy_number=2,
        stands_in_for=None,
    )


def test_a_complaint_is_received_by_one_and_given_to_another_at_once() -> None:
    raised, assigned = COMPLAINT.decide(None, raised_for("E2"))
    assert isinstance(raised, ComplaintRaised)
    assert raised.owner_id == OWNER
    assert assigned == ComplaintAssigned(
        previous_owner_id=OWNER, owner_id="E2", assignment=Assignment.ROUND_ROBIN, policy_number=2
    )
    state = COMPLAINT.fold(None, [raised, assigned])
    assert state is not None
    assert (state.owner_id, state.state) == ("E2", ComplaintState.ASSIGNED)


def test_who_receives_what_is_given_to_them_receives_it_only() -> None:
    (raised,) = COMPLAINT.decide(None, raised_for(OWNER))
    assert isinstance(raised, ComplaintRaised)
    Spec(COMPLAINT).given(raised).when(raised_for("E2")).then()
