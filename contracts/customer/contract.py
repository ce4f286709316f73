"""Events of a contract with a customer: its term, its amount, renewal and end."""

from enum import StrEnum
from typing import Literal

from contracts.event import Event
from contracts.money import CurrencyCode, MinorUnits
from contracts.types import Code, Day, Word


class ContractKind(StrEnum):
    """`strategic` is a long-term agreement (长期合作协议). Under a `framework` contract, orders are placed later."""

    STANDARD = "standard"
    FRAMEWORK = "framework"
    STRATEGIC = "strategic"


class RenewalIntent(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ContractSigned(Event):
    """A contract was signed. `ends_on` is its last day; without it, the contract has no fixed end.

    `document_id` identifies the file in another system.
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
    """It became known whether the customer will renew the contract."""

    type: Literal["care.customer.renewal-intent-stated.v1"] = "care.customer.renewal-intent-stated.v1"
    intent: RenewalIntent


class ContractRenewed(Event):
    """The contract was renewed for another term. The renewal intent is `unknown` again."""

    type: Literal["care.customer.contract-renewed.v1"] = "care.customer.contract-renewed.v1"
    starts_on: Day
    ends_on: Day | None = None
    amount_minor: MinorUnits
    currency: CurrencyCode


class ContractEnded(Event):
    """The contract ended."""

    type: Literal["care.customer.contract-ended.v1"] = "care.customer.contract-ended.v1"
    reason: Code


ContractEvent = ContractSigned | RenewalIntentStated | ContractRenewed | ContractEnded
