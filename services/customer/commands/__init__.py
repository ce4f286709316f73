"""The commands of the customer service. Fields that hold personal data are stored in the vault."""

from typing import Annotated

from services.customer.commands.contract import (
    ContractCommand,
    EndContract,
    RenewContract,
    SignContract,
    StateRenewalIntent,
)
from services.customer.commands.erasure import Erase, EraseCustomer, EraseKeyContact
from services.customer.commands.handover import (
    AcceptHandover,
    BeginHandover,
    EndHandover,
    StartHandover,
    WithdrawHandover,
)
from services.customer.commands.handover_batch import BeginHandoverBatch, EndBatch, StartHandoverBatch
from services.customer.commands.life import ChangeStage, Tier
from services.customer.commands.market import MakeReferral, RecordNews, SeeCompetitor
from services.customer.commands.merging import AbsorbDuplicate, MarkDistinct, MergeInto, ReleaseDuplicate, UnmergeFrom
from services.customer.commands.needs import StateNeed
from services.customer.commands.order import CancelOrder, DeliverOrder, OrderCommand, PlaceOrder
from services.customer.commands.ownership import (
    AddHelper,
    AssignOwner,
    AssignOwnerInList,
    ChangeLeader,
    EndHelp,
    FollowOwnersLeader,
    PassOn,
    RemoveHelper,
)
from services.customer.commands.people import AddKeyContact, ChangeKeyContact, KeyContact, RemoveKeyContact
from services.customer.commands.quote import CompareQuote, IssueQuote, OpenQuote, QuoteCommand
from services.customer.commands.record import (
    ChangeProfile,
    Entry,
    Profile,
    Register,
    RegisterInTier,
    Rename,
    ReviewProfile,
)
from services.customer.commands.reference import AddReference, ExternalReference, ReserveReference
from services.customer.commands.segments import RemoveSegment, Segment
from services.customer.commands.tags import AddTag, RemoveTag, TagCustomer, TagVocabulary
from services.customer.commands.tiers import (
    AssessTier,
    ConfirmTier,
    PutIntoTier,
    RefuseTier,
    ReleaseTier,
    SetTier,
    TierCommand,
    TierScheme,
)

AnyCommand = Annotated[
    Register
    | ChangeProfile
    | ChangeStage
    | TierCommand
    | AssignOwner
    | PassOn
    | ChangeLeader
    | FollowOwnersLeader
    | AddKeyContact
    | ChangeKeyContact
    | RemoveKeyContact
    | StateNeed
    | SeeCompetitor
    | RecordNews
    | Rename
    | ReviewProfile
    | MakeReferral
    | TagCustomer
    | RemoveTag
    | AddHelper
    | RemoveHelper
    | AddReference
    | ReserveReference
    | EraseCustomer
    | EraseKeyContact
    | AbsorbDuplicate
    | ReleaseDuplicate
    | MergeInto
    | UnmergeFrom
    | MarkDistinct,
    "the commands on the stream of one customer",
]

__all__ = [
    "AbsorbDuplicate",
    "AcceptHandover",
    "AddHelper",
    "AddKeyContact",
    "AddReference",
    "AddTag",
    "AnyCommand",
    "AssessTier",
    "AssignOwner",
    "AssignOwnerInList",
    "BeginHandover",
    "BeginHandoverBatch",
    "CancelOrder",
    "ChangeKeyContact",
    "ChangeLeader",
    "ChangeProfile",
    "ChangeStage",
    "CompareQuote",
    "ConfirmTier",
    "ContractCommand",
    "DeliverOrder",
    "EndBatch",
    "EndContract",
    "EndHandover",
    "EndHelp",
    "Entry",
    "Erase",
    "EraseCustomer",
    "EraseKeyContact",
    "ExternalReference",
    "FollowOwnersLeader",
    "IssueQuote",
    "KeyContact",
    "MakeReferral",
    "MarkDistinct",
    "MergeInto",
    "OpenQuote",
    "OrderCommand",
    "PassOn",
    "PlaceOrder",
    "Profile",
    "PutIntoTier",
    "QuoteCommand",
    "RecordNews",
    "RefuseTier",
    "Register",
    "RegisterInTier",
    "ReleaseDuplicate",
    "ReleaseTier",
    "RemoveHelper",
    "RemoveKeyContact",
    "RemoveSegment",
    "RemoveTag",
    "Rename",
    "RenewContract",
    "ReserveReference",
    "ReviewProfile",
    "SeeCompetitor",
    "Segment",
    "SetTier",
    "SignContract",
    "StartHandover",
    "StartHandoverBatch",
    "StateNeed",
    "StateRenewalIntent",
    "TagCustomer",
    "TagVocabulary",
    "Tier",
    "TierCommand",
    "TierScheme",
    "UnmergeFrom",
    "WithdrawHandover",
]
