"""What a revision changes in the plan that is remembered."""

from datetime import timedelta
from uuid import UUID

from contracts.examples import CUSTOMER_ID, DUE_AT, OCCURRED_AT
from contracts.followup.plan import PlanStep
from services.followup.plans.plan_row import Planned, PlanRow
from services.followup.plans.plan_state import revised, with_tasks
from services.followup.plans.steps import Due, Revision

LATER = DUE_AT + timedelta(days=1)
STEP = PlanStep(name="call", offset=1, purpose="care")
TASKS = {key: Planned(UUID(int=number), DUE_AT) for number, key in enumerate(("kept#1", "moved#1", "cancelled#1"))}
PLAN = PlanRow(
    plan_id=UUID(int=10),
    customer_id=CUSTOMER_ID,
    template="win-back",
    number=1,
    anchor_id=UUID(int=11),
    anchor_at=OCCURRED_AT,
    tier=None,
    planned_from=OCCURRED_AT,
    look_again_at=OCCURRED_AT,
    tasks=TASKS,
)
REVISION = Revision(
    schedule={}, move={"moved#1": Due(STEP, LATER)}, cancel=("cancelled#1",), look_again_at=LATER, is_done=False
)


def test_a_revised_plan_keeps_moves_and_drops_tasks() -> None:
    assert revised(PLAN, REVISION).tasks == {
        "kept#1": TASKS["kept#1"],
        "moved#1": Planned(TASKS["moved#1"].task_id, LATER),
    }


def test_a_plan_without_new_tasks_still_gets_its_next_look() -> None:
    after = with_tasks(PLAN, {}, REVISION)

    assert (after.tasks, after.look_again_at) == (TASKS, LATER)
