"""Signals: what a customer does or gets, as the rules name it. Each is the latest event of some kind."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, Final, Literal

from contracts import customer, followup
from contracts.customer import NeedStatus, Stage
from contracts.customer.record import NOT_PROFILE_FIELDS
from contracts.event import Event

# A contact by a person, or the last contact that a source states. It is computed from contacts and the profile.
CONTACT: Final = "human-contact"
# The open needs. They are kept one by one, because each may be met or gone.
NEED: Final = "need"
# The registration. Unlike other signals, it is kept as a fact of its own.
REGISTRATION: Final = "registration"
# A need was met, or the customer no longer has it.
NEED_SETTLED: Final = "need-settled"
# The key dates. The newest are kept, because each may wait for a contact.
KEY_DATE: Final = "key-date"
# An employee looked after the profile.
PROFILE_REVIEW: Final = "profile-review"
SignalName = Literal[
    "human-contact",
    "order",
    "quote",
    "need",
    "need-settled",
    "deal",
    "profile-review",
    "owner",
    "registration",
    "key-date",
]
OF_SOURCES: Final = frozenset({"last_contacted_at"})
REVIEWED: Final = tuple(
    name for name in customer.ProfileChanged.model_fields if name not in NOT_PROFILE_FIELDS | OF_SOURCES
)
# The events that may be a signal, by its name.
HEARD: Final[Mapping[SignalName, frozenset[type[Event]]]] = {
    "human-contact": frozenset({followup.ContactLogged, customer.ProfileChanged}),
    "order": frozenset({customer.OrderPlaced}),
    "quote": frozenset({customer.QuoteIssued}),
    "need": frozenset({customer.NeedStated}),
    "need-settled": frozenset({customer.NeedStated}),
    "deal": frozenset({customer.StageChanged}),
    "profile-review": frozenset({customer.ProfileChanged, customer.ProfileReviewed}),
    "owner": frozenset({customer.OwnerAssigned}),
    "registration": frozenset({customer.Registered}),
    "key-date": frozenset({customer.ImportantDateApproaching}),
}
# The events of which the latest one is kept by its name. Contacts, open needs and the registration are kept otherwise.
LATEST: Final = frozenset(chain.from_iterable(HEARD[name] for name in HEARD if name not in {CONTACT, REGISTRATION}))
# The events that are a signal whatever they say.
ALWAYS: Final[Mapping[type[Event], SignalName]] = {
    customer.OrderPlaced: "order",
    customer.QuoteIssued: "quote",
    customer.OwnerAssigned: "owner",
    customer.ImportantDateApproaching: "key-date",
    customer.ProfileReviewed: "profile-review",
}
EVENTS: frozenset[type[Event]] = frozenset(chain.from_iterable(HEARD.values()))


def signal_of(event: Any) -> SignalName | None:
    """Return the signal that an event is, except contacts and open needs.

    An order that is cancelled later was a sign of life too. A last contact that a source states is no review.
    """
    kind = type(event)
    if kind is customer.NeedStated:
        return "need-settled" if event.status is not NeedStatus.OPEN else None
    if kind is customer.StageChanged:
        return "deal" if event.stage is Stage.SIGNED else None
    if kind is customer.ProfileChanged:
        return "profile-review" if is_review(event) else None
    return ALWAYS.get(kind)


def is_review(event: customer.ProfileChanged) -> bool:
    """Return whether a change of the profile changes more than what sources state."""
    return any(getattr(event, name) is not None for name in REVIEWED) or not OF_SOURCES.issuperset(event.cleared)


def states_contact(event: customer.ProfileChanged) -> bool:
    """Return whether a change of the profile states or clears the last contact."""
    return event.last_contacted_at is not None or not OF_SOURCES.isdisjoint(event.cleared)
