"""Signals: what a customer does or gets, as the rules name it. Each is the latest event of some kind."""

from typing import Any, Final, Literal

from contracts import customer
from contracts.customer import NeedStatus, Stage
from contracts.event import Event

# A contact by a person, or the last contact that a source states. It is computed from contacts and the profile.
CONTACT: Final = "human-contact"
SignalName = Literal["human-contact", "order", "quote", "need", "deal", "profile-review"]
# The events that are signals.
EVENTS: frozenset[type[Event]] = frozenset(
    {
        customer.OrderPlaced,
        customer.QuoteIssued,
        customer.NeedStated,
        customer.StageChanged,
        customer.ProfileChanged,
        customer.ProfileReviewed,
    }
)


def signal_of(event: Any) -> SignalName | None:
    """Return the signal that an event is, except contacts. An order that is cancelled later was a sign of life too."""
    match event:
        case customer.OrderPlaced():
            return "order"
        case customer.QuoteIssued():
            return "quote"
        case customer.NeedStated(status=NeedStatus.OPEN):
            return "need"
        case customer.StageChanged(stage=Stage.SIGNED):
            return "deal"
        case customer.ProfileChanged() | customer.ProfileReviewed():
            return "profile-review"
        case _:
            return None
