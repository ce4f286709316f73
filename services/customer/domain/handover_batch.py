"""The rules of a handover batch: it starts once and ends once; each handover belongs to its customer."""

from dataclasses import dataclass

from chassis.commands.decider import Decider
from contracts import customer as events
from contracts.customer.handover_batch import HandoverBatchEvent
from services.customer.commands.handover_batch import BeginBatch, EndBatch, HandoverBatchCommand


@dataclass(frozen=True, slots=True)
class Batch:
    """What was asked for, and whether it has ended."""

    started: events.HandoverBatchStarted
    is_done: bool = False


def decide(batch: Batch | None, command: HandoverBatchCommand) -> list[HandoverBatchEvent]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    match batch, command:
        case None, BeginBatch(asked=asked, led_by=led_by):
            return [events.HandoverBatchStarted(**dict(asked), led_by=led_by)]
        case Batch(is_done=False), EndBatch(handed_over=handed_over, refused=refused):
            return [events.HandoverBatchEnded(handed_over=handed_over, refused=refused)]
        case _:
            return []


def evolve(batch: Batch | None, event: HandoverBatchEvent) -> Batch | None:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case events.HandoverBatchStarted():
            return Batch(event)
        case events.HandoverBatchEnded():
            return batch and Batch(batch.started, is_done=True)


HANDOVER_BATCH: Decider[Batch | None] = Decider(initial=None, decide=decide, evolve=evolve)
