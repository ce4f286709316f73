"""The events that the customer service publishes. A field may be added with a default, but never renamed."""

from typing import Annotated

from pydantic import Field

from contracts.customer.contract import (
    ContractEnded,
    ContractEvent,
    ContractKind,
    ContractRenewed,
    ContractSigned,
    RenewalIntent,
    RenewalIntentStated,
)
from contracts.customer.dates import DateEvent, ImportantDateApproaching
from contracts.customer.employee import EmployeeEvent, EmployeeLeaderChanged, EmployeeLeft, EmployeeReturned
from contracts.customer.erasure import CustomerErased, ErasureEvent, KeyContactErased
from contracts.customer.handover import (
    ChecklistItem,
    EndingContract,
    HandoverAccepted,
    HandoverEvent,
    HandoverStarted,
    HandoverWithdrawn,
    ItemKind,
)
from contracts.customer.handover_batch import HandoverBatchEnded, HandoverBatchEvent, HandoverBatchStarted
from contracts.customer.life import LifeEvent, Mode, Stage, StageChanged, TierChanged, mode_of
from contracts.customer.market import CompetitorSeen, MarketEvent, NewsRecorded, ReferralMade
from contracts.customer.merging import (
    DuplicateAbsorbed,
    DuplicateReleased,
    MarkedDistinct,
    Merged,
    MergeEvent,
    Unmerged,
)
from contracts.customer.needs import NeedEvent, NeedStated, NeedStatus
from contracts.customer.order import OrderCancelled, OrderDelivered, OrderEvent, OrderPlaced
from contracts.customer.ownership import HelperAdded, HelperRemoved, OwnerAssigned, OwnershipEvent
from contracts.customer.people import (
    KeyContactAdded,
    KeyContactChanged,
    KeyContactDetails,
    KeyContactRemoved,
    PeopleEvent,
)
from contracts.customer.quote import QuoteCompared, QuoteEvent, QuoteIssued, QuoteRequested
from contracts.customer.record import (
    Kind,
    ProfileChanged,
    ProfileReviewed,
    RecordEvent,
    Registered,
    Renamed,
    WorkStatus,
)
from contracts.customer.references import ReferenceAdded, ReferenceEvent, ReferenceReserved
from contracts.customer.segments import SegmentEvent, SegmentFilter, SegmentPublished, SegmentRemoved
from contracts.customer.tags import TagAdded, TagEvent, TagRemoved, TagVocabularyPublished, VocabularyEvent
from contracts.customer.tiers import (
    TierBasis,
    TierDecision,
    TierEvent,
    TierHeld,
    TierInputs,
    TierProposalLapsed,
    TierProposalRefused,
    TierProposed,
    TierReleased,
    TierRule,
    TierSchemeEvent,
    TierSchemePublished,
)

# Events of the customer's own stream; all other events have their own streams (ADR 0008).
CustomerEvent = (
    RecordEvent
    | LifeEvent
    | TierEvent
    | OwnershipEvent
    | PeopleEvent
    | NeedEvent
    | MarketEvent
    | ReferenceEvent
    | TagEvent
    | ErasureEvent
    | MergeEvent
)
CommercialEvent = OrderEvent | QuoteEvent | ContractEvent
AnyEvent = Annotated[
    CustomerEvent
    | CommercialEvent
    | HandoverEvent
    | HandoverBatchEvent
    | VocabularyEvent
    | TierSchemeEvent
    | DateEvent
    | SegmentEvent
    | EmployeeEvent,
    Field(discriminator="type"),
]

__all__ = [
    "AnyEvent",
    "ChecklistItem",
    "CommercialEvent",
    "CompetitorSeen",
    "ContractEnded",
    "ContractEvent",
    "ContractKind",
    "ContractRenewed",
    "ContractSigned",
    "CustomerErased",
    "CustomerEvent",
    "DuplicateAbsorbed",
    "DuplicateReleased",
    "EmployeeEvent",
    "EmployeeLeaderChanged",
    "EmployeeLeft",
    "EmployeeReturned",
    "EndingContract",
    "ErasureEvent",
    "HandoverAccepted",
    "HandoverBatchEnded",
    "HandoverBatchEvent",
    "HandoverBatchStarted",
    "HandoverEvent",
    "HandoverStarted",
    "HandoverWithdrawn",
    "HelperAdded",
    "HelperRemoved",
    "ImportantDateApproaching",
    "ItemKind",
    "KeyContactAdded",
    "KeyContactChanged",
    "KeyContactDetails",
    "KeyContactErased",
    "KeyContactRemoved",
    "Kind",
    "MarkedDistinct",
    "MarketEvent",
    "MergeEvent",
    "Merged",
    "Mode",
    "NeedEvent",
    "NeedStated",
    "NeedStatus",
    "NewsRecorded",
    "OrderCancelled",
    "OrderDelivered",
    "OrderEvent",
    "OrderPlaced",
    "OwnerAssigned",
    "PeopleEvent",
    "ProfileChanged",
    "ProfileReviewed",
    "QuoteCompared",
    "QuoteEvent",
    "QuoteIssued",
    "QuoteRequested",
    "ReferenceAdded",
    "ReferenceEvent",
    "ReferenceReserved",
    "ReferralMade",
    "Registered",
    "Renamed",
    "RenewalIntent",
    "RenewalIntentStated",
    "SegmentEvent",
    "SegmentFilter",
    "SegmentPublished",
    "SegmentRemoved",
    "Stage",
    "StageChanged",
    "TagAdded",
    "TagEvent",
    "TagRemoved",
    "TagVocabularyPublished",
    "TierBasis",
    "TierChanged",
    "TierDecision",
    "TierEvent",
    "TierHeld",
    "TierInputs",
    "TierProposalLapsed",
    "TierProposalRefused",
    "TierProposed",
    "TierReleased",
    "TierRule",
    "TierSchemeEvent",
    "TierSchemePublished",
    "Unmerged",
    "VocabularyEvent",
    "WorkStatus",
    "mode_of",
]
