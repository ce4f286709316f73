"""A customer as followup knows it, folded from the customer service's events. Pure."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from chassis.commands.decider import GoneError
from chassis.commands.holders import Holders
from chassis.rules.comparison import names_after
from contracts import customer as events
from contracts.customer.responsibility import ResponsibilityEvent, evolve_responsibility
from contracts.event import Envelope

# Events that this service does not use.
UNUSED = (
    events.MarketEvent
    | events.KeyContactChanged
    | events.KeyContactRemoved
    | events.NeedEvent
    | events.ReferenceEvent
    | events.TagEvent
    | events.TierEvent
)


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer without personal data: the name of a natural person stays in the customer service.

    `key_contact_ids` are those of all key contacts, also of removed ones: a contact may be recorded late. None means
    that they are not known.
    """

    customer_id: UUID
    kind: str
    name: str | None
    owner_id: str | None = None
    leader_id: str | None = None
    stage: str = events.Stage.NEW
    tiers: dict[str, str] = field(default_factory=dict)
    helper_ids: list[str] = field(default_factory=list)
    is_erased: bool = False
    merged_into: UUID | None = None
    # Of a company: the keys of its name and of its former names.
    name_keys: list[str] = field(default_factory=list)
    key_contact_ids: list[UUID] | None = field(default_factory=list)

    @property
    def holders(self) -> Holders:
        return Holders(self.owner_id, self.leader_id, frozenset(self.helper_ids))


def project(row: CustomerRef | None, envelope: Envelope[events.CustomerEvent]) -> CustomerRef:
    """Return the customer after one event."""
    event = envelope.event
    if isinstance(event, events.Registered):
        return CustomerRef(envelope.subject, event.kind, event.name, name_keys=names_after([], event.name))
    if row is None:
        raise LookupError("a customer's first event must be its registration")
    if isinstance(event, UNUSED):
        return row
    if isinstance(event, ResponsibilityEvent):
        return evolve_responsibility(row, event)
    match event:
        case events.KeyContactAdded(key_contact_id=added):
            known = row.key_contact_ids
            return row if known is None else replace(row, key_contact_ids=[*known, added])
        case events.Renamed(name=name):
            return replace(row, name=name, name_keys=names_after(row.name_keys, name))
        case events.ProfileChanged() | events.ProfileReviewed() | events.KeyContactErased():
            return row
        case events.CustomerErased():
            return replace(row, is_erased=True)
        case events.StageChanged(stage=stage):
            return replace(row, stage=stage)
        case events.TierChanged(scheme=scheme, tier=tier):
            return replace(row, tiers={**row.tiers, scheme: tier})
        case events.DuplicateAbsorbed() | events.DuplicateReleased() | events.MarkedDistinct():
            return row


def erased() -> GoneError:
    return GoneError(
        "customer-erased",
        "The personal data of this customer has been erased. Nothing new can be recorded.",
        "该客户的个人信息已被删除，不能再添加新的记录。",
    )
