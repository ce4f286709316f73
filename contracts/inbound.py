"""Messages from other systems to the customer service, on the topic `care.customer.inbound.v1`.

A message is a CloudEvent, in binary or structured mode. `source` and `id` together identify it: a second message with
the same two is a duplicate and is ignored. Customers, orders, quotes and contracts are identified by the numbers of the
other system.
"""

from typing import ClassVar, get_args

from pydantic import BaseModel, ConfigDict

from contracts.customer import ContractKind, RenewalIntent
from contracts.money import KnownCurrency, MinorUnits
from contracts.types import Code, Day, EmployeeId, Instant, Name, Word


class Reference(BaseModel):
    """The number of a customer, an order, a quote or a contract in another system."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    system: Code
    id: Word


class InboundMessage(BaseModel):
    """A message about a customer. `occurred_at` is when it happened; the default is the time of the message."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)
    TYPE: ClassVar[str]

    customer: Reference
    occurred_at: Instant | None = None


class Amount(BaseModel):
    amount_minor: MinorUnits
    currency: KnownCurrency


class CompanyStated(InboundMessage):
    """A company exists with this data. If the customer is known, the fields that are given replace its values.

    The name of a known company is replaced only with `rename`. Without it, a name that it never had is rejected.
    """

    TYPE = "care.inbound.company-stated.v1"

    name: Name
    industry: Word | None = None
    region: Word | None = None
    owner_id: EmployeeId | None = None
    rename: bool = False


class OrderPlaced(InboundMessage, Amount):
    """The customer placed an order."""

    TYPE = "care.inbound.order-placed.v1"

    order: Reference
    category: Word | None = None


class OrderDelivered(InboundMessage):
    """The whole order was delivered."""

    TYPE = "care.inbound.order-delivered.v1"

    order: Reference


class OrderCancelled(InboundMessage):
    """The order was cancelled."""

    TYPE = "care.inbound.order-cancelled.v1"

    order: Reference
    reason: Code


class QuoteRequested(InboundMessage):
    """The customer asked for a quote."""

    TYPE = "care.inbound.quote-requested.v1"

    quote: Reference
    category: Word | None = None


class QuoteIssued(InboundMessage, Amount):
    """The customer received a quote with this amount. Send it again with the new amount if the quote changes."""

    TYPE = "care.inbound.quote-issued.v1"

    quote: Reference


class QuoteCompared(InboundMessage):
    """The customer compared the quote with a quote from a competitor."""

    TYPE = "care.inbound.quote-compared.v1"

    quote: Reference
    competitor: Code | None = None


class Term(InboundMessage, Amount):
    """The term and the amount of a contract. `starts_on` and `ends_on` are its first and its last day."""

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
    """A contract was renewed for another term."""

    TYPE = "care.inbound.contract-renewed.v1"


class RenewalIntentStated(InboundMessage):
    """The customer stated whether it will renew the contract."""

    TYPE = "care.inbound.renewal-intent-stated.v1"

    contract: Reference
    intent: RenewalIntent


class ContractEnded(InboundMessage):
    """A contract ended."""

    TYPE = "care.inbound.contract-ended.v1"

    contract: Reference
    reason: Code


class CompetitorSeen(InboundMessage):
    """A competitor was active at the customer. `is_cheaper` says whether its price was lower, if known."""

    TYPE = "care.inbound.competitor-seen.v1"

    competitor: Code
    is_cheaper: bool | None = None


class ReferralMade(InboundMessage):
    """The customer recommended us. `referred` is the customer that was won, if it is known."""

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
