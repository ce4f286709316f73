"""The rules of a handover batch: it starts once and ends once. Each handover has its own stream."""

from dataclasses import dataclass

from chassis.commands.decider import Decider
from contracts import customer as events
from contracts.customer.handover_batch import HandoverBatchEvent
from services.customer.commands.handover_batch import BeginHandoverBatch, EndBatch, HandoverBatchCommand


@dataclass(frozen=True, slots=True)
class Batch:
    """The requested batch, and whether it has ended."""

    started: events.HandoverBatchStarted
    is_done: bool = False


def decide(batch: Batch | None, command: HandoverBatchCommand) -> list[HandoverBatchEvent]:
    """Return the events that result from `command`: none if it changes nothing."""
    match batch, command:
        case None, BeginHandoverBatch(request=request, led_by=led_by):
            return [events.HandoverBatchStarted(**dict(request), led_by=led_by)]
        case Batch(is_done=False), EndBatch(handed_over=handed_over, refused=refused):
            return [events.HandoverBatchEnded(handed_over=handed_over, refused=refused)]
        case _:
            return []


def evolve(batch: Batch | None, event: HandoverBatchEvent) -> Batch | None:
    """Apply one event. An event is never rejected: it has already happened."""
    match event:
        case events.HandoverBatchStarted():
            return Batch(event)
        case events.HandoverBatchEnded():
            return batch and Batch(batch.started, is_done=True)


HANDOVER_BATCH: Decider[Batch | None] = Decider(initial=None, decide=decide, evolve=evolve)
