"""The rules of handover batches: valid requests, one start and one end."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts import customer as events
from contracts.customer import ChecklistItem, ItemKind
from contracts.customer.handover_batch import MAX_NAMED_CUSTOMERS, MAX_NEW_OWNERS
from contracts.examples import CUSTOMER_ID, DUE_AT, TASK_ID
from services.customer.commands import BeginHandover, BeginHandoverBatch, EndBatch, StartHandover, StartHandoverBatch
from services.customer.domain.handover import HANDOVER
from services.customer.domain.handover_batch import HANDOVER_BATCH
from tests.support.spec import Spec

batch, handover = Spec(HANDOVER_BATCH), Spec(HANDOVER)
asked = StartHandoverBatch(from_owner_id="E1", to_owner_ids=("E2", "E3"), reason="resigned", leaves=True)
started = events.HandoverBatchStarted(
    from_owner_id="E1", to_owner_ids=("E2", "E3"), reason="resigned", leaves=True, led_by="E9"
)
ended = events.HandoverBatchEnded(handed_over=2, refused=1)
task = ChecklistItem(kind=ItemKind.TASK, concerns_id=TASK_ID, at=DUE_AT, employee_id="E1")
begin = BeginHandover(
    request=StartHandover(to_owner_id="E2", reason="resigned"), from_owner_id="E1", checklist=(task,), is_accepted=True
)
begun = events.HandoverStarted(from_owner_id="E1", to_owner_id="E2", reason="resigned", checklist=(task,))
accepted = events.HandoverAccepted(owner_id="E2")


def test_a_batch_starts_with_its_request_and_its_leader() -> None:
    batch.given().when(BeginHandoverBatch(request=asked, led_by="E9")).then(started)
    batch.given(started).when(BeginHandoverBatch(request=asked, led_by="E9")).then()


def test_a_batch_ends_once() -> None:
    batch.given(started).when(EndBatch(handed_over=2, refused=1)).then(ended)
    batch.given(started, ended).when(EndBatch(handed_over=2, refused=1)).then()


@pytest.mark.parametrize(
    "wrong",
    [
        {"to_owner_ids": ()},
        {"to_owner_ids": ("E2", "E2")},
        {"to_owner_ids": ("E1",)},
        {"to_owner_ids": tuple(f"F{number}" for number in range(MAX_NEW_OWNERS + 1))},
        {"leaves": True, "from_owner_id": None},
        {"leaves": True, "stage": "signed"},
        {"leaves": True, "region": "上海"},
        {"to_leader_id": "E9"},
        {"leaves": True, "to_leader_id": "E1"},
        {"customer_ids": ()},
        {"customer_ids": tuple(UUID(int=number) for number in range(MAX_NAMED_CUSTOMERS + 1))},
        {"customer_ids": (CUSTOMER_ID,), "tag": "key"},
        {"customer_ids": (CUSTOMER_ID,), "leaves": True},
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StartHandoverBatch.model_validate({"from_owner_id": "E1", "to_owner_ids": ("E2",)} | wrong)


def test_so_many_customers_can_be_named() -> None:
    named = tuple(UUID(int=number) for number in range(MAX_NAMED_CUSTOMERS))
    assert StartHandoverBatch(to_owner_ids=("E2",), customer_ids=named).customer_ids == named


def test_a_handover_that_needs_no_acceptance_is_accepted_at_once() -> None:
    handover.given().when(begin).then(begun, accepted)


def test_one_that_waited_for_the_same_owner_is_accepted_then() -> None:
    handover.given(begun).when(begin).then(accepted)


def test_an_open_handover_to_another_owner_blocks_it() -> None:
    other = events.HandoverStarted(from_owner_id="E1", to_owner_id="E7", reason="reassigned")
    handover.given(other).when(begin).then_rejected("handover-open")
