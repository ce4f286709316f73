"""What other systems tell the customer service by Kafka, one message for each fact, on `care.customer.inbound.v1`.

A message is a CloudEvent, in binary or structured mode. Its `source` and `id` together tell it from all others: told
twice under the same two, it is one fact. Things go by the numbers that their own system gives them.
"""

from typing import ClassVar, get_args

from pydantic import BaseModel, ConfigDict

from contracts.customer import ContractKind, RenewalIntent
from contracts.money import KnownCurrency, MinorUnits
from contracts.types import Code, Day, EmployeeId, Instant, Name, Word


class Reference(BaseModel):
    """The number that a system gives to a customer, an order, a quote or a contract."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    system: Code
    id: Word


class InboundFact(BaseModel):
    """A fact about a customer. It happened at `occurred_at`, or else at the time of the message."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)
    TYPE: ClassVar[str]

    customer: Reference
    occurred_at: Instant | None = None


class Amount(BaseModel):
    amount_minor: MinorUnits
    currency: KnownCurrency


class CompanyStated(InboundFact):
    """There is a company with this name; what is stated here of a known one is brought into line."""

    TYPE = "care.inbound.company-stated.v1"

    name: Name
    industry: Word | None = None
    region: Word | None = None
    owner_id: EmployeeId | None = None


class OrderPlaced(InboundFact, Amount):
    """The customer placed an order."""

    TYPE = "care.inbound.order-placed.v1"

    order: Reference
    category: Code | None = None


class OrderDelivered(InboundFact):
    """All of the order is with the customer."""

    TYPE = "care.inbound.order-delivered.v1"

    order: Reference


class OrderCancelled(InboundFact):
    """The order will not be delivered."""

    TYPE = "care.inbound.order-cancelled.v1"

    order: Reference
    reason: Code


class QuoteRequested(InboundFact):
    """The customer asked for a quote."""

    TYPE = "care.inbound.quote-requested.v1"

    quote: Reference
    category: Code | None = None


class QuoteIssued(InboundFact, Amount):
    """The customer was told this amount; once more with another one when the quote changes."""

    TYPE = "care.inbound.quote-issued.v1"

    quote: Reference


class QuoteCompared(InboundFact):
    """The customer holds the quote against another one."""

    TYPE = "care.inbound.quote-compared.v1"

    quote: Reference
    competitor: Code | None = None


class Term(InboundFact, Amount):
    """From when until when, both days included, and for how much."""

    contract: Reference
    starts_on: Day
    ends_on: Day | None = None


class ContractSigned(Term):
    """A contract was signed."""

    TYPE = "care.inbound.contract-signed.v1"

    kind: ContractKind = ContractKind.STANDARD
    renewal_intent: RenewalIntent = RenewalIntent.UNKNOWN
    document_id: Word | None = None


class ContractRenewed(Term):
    """The contract goes on for another term."""

    TYPE = "care.inbound.contract-renewed.v1"


class RenewalIntentStated(InboundFact):
    """Whether the customer wants to renew."""

    TYPE = "care.inbound.renewal-intent-stated.v1"

    contract: Reference
    intent: RenewalIntent


class ContractEnded(InboundFact):
    """The contract binds nobody any more."""

    TYPE = "care.inbound.contract-ended.v1"

    contract: Reference
    reason: Code


class CompetitorSeen(InboundFact):
    """A competitor was met at the customer."""

    TYPE = "care.inbound.competitor-seen.v1"

    competitor: Code
    is_cheaper: bool | None = None


class ReferralMade(InboundFact):
    """The customer recommended us."""

    TYPE = "care.inbound.referral-made.v1"

    referred: Reference | None = None


AnyInbound = (
    CompanyStated
    | OrderPlaced
    | OrderDelivered
    | OrderCancelled
    | QuoteRequested
    | QuoteIssued
    | QuoteCompared
    | ContractSigned
    | RenewalIntentStated
    | ContractRenewed
    | ContractEnded
    | CompetitorSeen
    | ReferralMade
)
INBOUND: dict[str, type[AnyInbound]] = {message.TYPE: message for message in get_args(AnyInbound)}
