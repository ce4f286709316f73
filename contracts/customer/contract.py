"""What binds a customer and us: its term, its amount, and whether it goes on."""

from enum import StrEnum
from typing import Literal

from contracts.event import Event
from contracts.money import CurrencyCode, MinorUnits
from contracts.types import Code, Day, Word


class ContractKind(StrEnum):
    """`strategic` is a long-term agreement (长期合作协议); `framework` one that orders are placed under."""

    STANDARD = "standard"
    FRAMEWORK = "framework"
    STRATEGIC = "strategic"


class RenewalIntent(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ContractSigned(Event):
    """A contract was signed. `ends_on` is its last day; without one it runs until it is ended.

    `document_id` is the number under which another system keeps the file.
    """

    type: Literal["care.customer.contract-signed.v1"] = "care.customer.contract-signed.v1"
    external_system: Code | None = None
    external_id: Word | None = None
    kind: ContractKind = ContractKind.STANDARD
    starts_on: Day
    ends_on: Day | None = None
    amount_minor: MinorUnits
    currency: CurrencyCode
    renewal_intent: RenewalIntent = RenewalIntent.UNKNOWN
    document_id: Word | None = None


class RenewalIntentStated(Event):
    """The customer said, or let it be known, whether it will renew."""

    type: Literal["care.customer.renewal-intent-stated.v1"] = "care.customer.renewal-intent-stated.v1"
    intent: RenewalIntent


class ContractRenewed(Event):
    """The contract goes on for another term; the renewal intent is unknown again."""

    type: Literal["care.customer.contract-renewed.v1"] = "care.customer.contract-renewed.v1"
    starts_on: Day
    ends_on: Day | None = None
    amount_minor: MinorUnits
    currency: CurrencyCode


class ContractEnded(Event):
    """The contract binds nobody any more."""

    type: Literal["care.customer.contract-ended.v1"] = "care.customer.contract-ended.v1"
    reason: Code


ContractEvent = ContractSigned | RenewalIntentStated | ContractRenewed | ContractEnded
