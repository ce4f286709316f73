"""A customer's row in the list of customers, folded from its events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.rules.comparison import names_after
from contracts import customer as events
from contracts.customer.responsibility import ResponsibilityEvent, evolve_responsibility
from contracts.event import Envelope
from services.customer.domain.record import is_earlier


@dataclass(frozen=True, slots=True)
class CustomerRow:
    customer_id: UUID
    version: int
    kind: str
    name: str | None
    name_ref: UUID | None
    stage: str
    stage_since: datetime
    registered_at: datetime
    tiers: dict[str, str] = field(default_factory=dict)
    owner_id: str | None = None
    leader_id: str | None = None
    need_type: str | None = None
    industry: str | None = None
    region: str | None = None
    work_status: str | None = None
    last_contacted_at: datetime | None = None
    external_system: str | None = None
    external_id: str | None = None
    key_contacts: dict[str, Any] = field(default_factory=dict)
    helper_ids: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    numbers: list[dict[str, Any]] = field(default_factory=list)
    held_tiers: list[str] = field(default_factory=list)
    proposed_tiers: dict[str, str] = field(default_factory=dict)
    interests: Sequence[str] | None = None
    buying_cycle: str | None = None
    order_size: str | None = None
    customer_kind: str | None = None
    potential: str | None = None
    influence: str | None = None
    cooperation_since: date | None = None
    price_list: str | None = None
    reviewed_at: datetime | None = None
    is_leader_stated: bool = False
    is_erased: bool = False
    merged_into: UUID | None = None
    # Of a company: the keys of its name and of its former names.
    name_keys: list[str] = field(default_factory=list)


# Events that do not change the row.
IGNORED = (
    events.NeedStated
    | events.CompetitorSeen
    | events.ReferralMade
    | events.NewsRecorded
    | events.ReferenceReserved
    | events.DuplicateAbsorbed
    | events.DuplicateReleased
    | events.MarkedDistinct
)
PROFILE = events.ProfileChanged.model_fields.keys() & CustomerRow.__dataclass_fields__.keys()


def project_next(row: CustomerRow | None, envelope: Envelope[events.CustomerEvent]) -> CustomerRow:
    """Return the row after one event, with the customer's version."""
    version = max(row.version, envelope.version) if row else envelope.version
    return replace(project(row, envelope), version=version)


def project(row: CustomerRow | None, envelope: Envelope[events.CustomerEvent]) -> CustomerRow:
    """Return the row after one event."""
    event = envelope.event
    if isinstance(event, events.Registered):
        return first_row(envelope, event)
    if row is None:
        raise LookupError("a customer's first event must be Registered")
    if isinstance(event, events.OwnerAssigned):
        row = replace(row, is_leader_stated=event.is_leader_stated)
    if isinstance(event, ResponsibilityEvent):
        return evolve_responsibility(row, event)
    if isinstance(event, IGNORED):
        return row
    match event:
        case events.Renamed() | events.ProfileChanged() | events.ProfileReviewed():
            return described(row, event, envelope.occurred_at)
        case events.StageChanged(stage=stage):
            return replace(row, stage=stage, stage_since=envelope.occurred_at)
        case events.TierChanged(scheme=scheme, tier=tier, basis=basis):
            row = replace(row, tiers={**row.tiers, scheme: tier}, proposed_tiers=without(row.proposed_tiers, scheme))
            return replace(row, held_tiers=[*without_scheme(row, scheme), *([] if basis else [scheme])])
        case events.TierHeld(scheme=scheme):
            row = replace(row, proposed_tiers=without(row.proposed_tiers, scheme))
            return replace(row, held_tiers=[*without_scheme(row, scheme), scheme])
        case events.TierReleased(scheme=scheme):
            return replace(row, held_tiers=without_scheme(row, scheme))
        case events.TierProposed(scheme=scheme, tier=tier):
            return replace(row, proposed_tiers={**row.proposed_tiers, scheme: tier})
        case events.TierProposalRefused(scheme=scheme) | events.TierProposalLapsed(scheme=scheme):
            return replace(row, proposed_tiers=without(row.proposed_tiers, scheme))
        case events.KeyContactAdded(key_contact_id=key) | events.KeyContactChanged(key_contact_id=key):
            contact = event.model_dump(mode="json")
            return replace(row, key_contacts={**row.key_contacts, str(key): contact})
        case events.KeyContactRemoved(key_contact_id=gone):
            return replace(row, key_contacts=without(row.key_contacts, str(gone)))
        case events.TagAdded(tag=tag):
            return replace(row, tags=[*without_tag(row, tag), tag])
        case events.TagRemoved(tag=tag):
            return replace(row, tags=without_tag(row, tag))
        case events.ReferenceAdded(external_system=system, external_id=number):
            return replace(row, numbers=[*row.numbers, {"system": system, "id": number}])
        case events.CustomerErased() | events.KeyContactErased():
            return without_personal_data(row, event)


def described(
    row: CustomerRow, event: events.Renamed | events.ProfileChanged | events.ProfileReviewed, at: datetime
) -> CustomerRow:
    match event:
        case events.Renamed(name=name, name_ref=name_ref):
            return replace(row, name=name, name_ref=name_ref, name_keys=names_after(row.name_keys, name))
        case events.ProfileChanged():
            return replace(row, **profile_changes(row, event))
        case events.ProfileReviewed():
            return replace(row, reviewed_at=max(row.reviewed_at or at, at))


def profile_changes(row: CustomerRow, event: events.ProfileChanged) -> dict[str, Any]:
    """Return the changed columns. Of two stated contacts the later one counts, and the earlier one as a known fact."""
    changes = {name: value for name, value in event.changes().items() if name in PROFILE}
    if is_earlier(event.last_contacted_at, row.registered_at):
        changes["registered_at"] = event.last_contacted_at
    if is_earlier(event.last_contacted_at, row.last_contacted_at):
        del changes["last_contacted_at"]
    return changes


def without_personal_data(row: CustomerRow, event: events.ErasureEvent) -> CustomerRow:
    match event:
        case events.CustomerErased():
            return replace(row, is_erased=True, name_ref=None, key_contacts={})
        case events.KeyContactErased(key_contact_id=gone):
            return replace(row, key_contacts=without(row.key_contacts, str(gone)))


def without_scheme(row: CustomerRow, scheme: str) -> list[str]:
    return [each for each in row.held_tiers if each != scheme]


def without_tag(row: CustomerRow, tag: str) -> list[str]:
    return [each for each in row.tags if each != tag]


def without(named: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in named.items() if key != name}


def first_row(envelope: Envelope[events.CustomerEvent], event: events.Registered) -> CustomerRow:
    return CustomerRow(
        customer_id=envelope.subject,
        version=envelope.version,
        kind=event.kind,
        name=event.name,
        name_ref=event.name_ref,
        stage="new",
        stage_since=envelope.occurred_at,
        registered_at=envelope.occurred_at,
        external_system=event.external_system,
        external_id=event.external_id,
        name_keys=names_after([], event.name),
        numbers=[{"system": event.external_system, "id": event.external_id}] if event.external_id else [],
    )
