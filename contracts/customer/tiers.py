"""Versions of tier schemes (ADR 0008), and tier events of a customer other than a new tier."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.money import CurrencyCode
from contracts.types import Clean, Code, Instant, Word
from contracts.version import Published

MAX_TIERS = 10
MAX_EXPRESSION = 1_000
MAX_WINDOW_DAYS = 3_660

Expression = Annotated[
    str,
    Field(min_length=1, max_length=MAX_EXPRESSION, description="A CEL expression that returns true or false."),
    Clean,
]
WindowDays = Annotated[
    int,
    Field(
        ge=1,
        le=MAX_WINDOW_DAYS,
        strict=True,
        description="The number of days over which orders, contacts and amounts are counted.",
    ),
]


class TierDecision(StrEnum):
    """How a tier is assigned: by the rules at once, by the rules after confirmation, or only manually."""

    AT_ONCE = "at-once"
    PROPOSED = "proposed"
    BY_HAND = "by-hand"


class TierRule(BaseModel):
    """A tier and its condition. The first tier whose condition holds applies; without `when` it always holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tier: Code
    en: Word
    zh: Word
    when: Expression | None = None


class TierSchemePublished(Published):
    """A new version of a tier scheme was published. The subject is the scheme, not a customer."""

    type: Literal["care.customer.tier-scheme-published.v1"] = "care.customer.tier-scheme-published.v1"
    name: Code
    decision: TierDecision
    window_days: WindowDays
    currency: CurrencyCode
    tiers: Annotated[tuple[TierRule, ...], Field(min_length=1, max_length=MAX_TIERS)]


class TierInputs(BaseModel):
    """The input values of the rules for one customer. Amounts are in whole units of the scheme's currency.

    `nps` and `csat` are the latest answers: NPS from 0 to 10, CSAT from 0 (lowest score) to 100 (highest score).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    amount: int
    orders: int
    lifetime_amount: int
    lifetime_orders: int
    contacts: int
    complaints: int
    years: int
    potential: str
    influence: str
    stage: str
    nps: int | None = None
    csat: int | None = None


class TierBasis(BaseModel):
    """What a tier is based on: the version of the scheme, the input values, and the time of the evaluation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    evaluated_at: Instant
    inputs: TierInputs


class TierHeld(Event):
    """An employee set the current tier manually. It is kept, whatever the rules say, until it is released."""

    type: Literal["care.customer.tier-held.v1"] = "care.customer.tier-held.v1"
    scheme: Code
    tier: Code


class TierReleased(Event):
    """A manually set tier was released. The rules assign the tier again."""

    type: Literal["care.customer.tier-released.v1"] = "care.customer.tier-released.v1"
    scheme: Code


class TierProposed(Event):
    """The rules proposed another tier. The proposal is open until it is confirmed, refused or lapses."""

    type: Literal["care.customer.tier-proposed.v1"] = "care.customer.tier-proposed.v1"
    scheme: Code
    previous: Code | None = None
    tier: Code
    basis: TierBasis


class TierProposalRefused(Event):
    """A proposed tier was refused. This version of the scheme does not propose the same tier again."""

    type: Literal["care.customer.tier-proposal-refused.v1"] = "care.customer.tier-proposal-refused.v1"
    scheme: Code
    tier: Code


class TierProposalLapsed(Event):
    """A tier proposal, open or refused, is no longer valid: the rules lead to the current tier again."""

    type: Literal["care.customer.tier-proposal-lapsed.v1"] = "care.customer.tier-proposal-lapsed.v1"
    scheme: Code
    tier: Code


TierEvent = TierHeld | TierReleased | TierProposed | TierProposalRefused | TierProposalLapsed
TierSchemeEvent = TierSchemePublished
