"""Tier schemes, data in whole versions (ADR 0008), and what they lead to for a customer beside a new tier."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.money import CurrencyCode
from contracts.types import Code, Instant, Printable, Word, refuse_blank
from contracts.version import Published

MAX_TIERS = 10
MAX_EXPRESSION = 1_000
MAX_WINDOW_DAYS = 3_660

Expression = Annotated[
    str,
    Field(min_length=1, max_length=MAX_EXPRESSION, description="An expression in CEL that gives true or false."),
    Printable,
    AfterValidator(refuse_blank),
]
WindowDays = Annotated[
    int, Field(ge=1, le=MAX_WINDOW_DAYS, strict=True, description="How far back counts and amounts reach.")
]


class TierDecision(StrEnum):
    """What becomes of where the rules lead: it holds at once, it waits to be confirmed, or rules are not asked."""

    AT_ONCE = "at-once"
    PROPOSED = "proposed"
    BY_HAND = "by-hand"


class TierRule(BaseModel):
    """A tier and who belongs there, unless an earlier tier has taken them; without `when`, everybody who is left."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tier: Code
    en: Word
    zh: Word
    when: Expression | None = None


class TierSchemePublished(Published):
    """A whole new version of a scheme. Its subject is the scheme itself, not a customer."""

    type: Literal["care.customer.tier-scheme-published.v1"] = "care.customer.tier-scheme-published.v1"
    name: Code
    decision: TierDecision
    window_days: WindowDays
    currency: CurrencyCode
    tiers: Annotated[tuple[TierRule, ...], Field(min_length=1, max_length=MAX_TIERS)]


class TierInputs(BaseModel):
    """What the rules were told of the customer. Amounts are in whole units of the scheme's currency.

    `nps` and `csat` are the latest answers: from 0 to 10, and in percent of the way from the worst score to the best.
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
    """Why a tier: the version of the scheme, what it was told, and when."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    evaluated_at: Instant
    inputs: TierInputs


class TierHeld(Event):
    """The tier that the rules had led to was also set by hand: it stays until it is released."""

    type: Literal["care.customer.tier-held.v1"] = "care.customer.tier-held.v1"
    scheme: Code
    tier: Code


class TierReleased(Event):
    """The tier is the rules' again."""

    type: Literal["care.customer.tier-released.v1"] = "care.customer.tier-released.v1"
    scheme: Code


class TierProposed(Event):
    """The rules lead to another tier. It waits until it is confirmed, refused or lapses, or a tier is set by hand."""

    type: Literal["care.customer.tier-proposed.v1"] = "care.customer.tier-proposed.v1"
    scheme: Code
    previous: Code | None = None
    tier: Code
    basis: TierBasis


class TierProposalRefused(Event):
    """Somebody said no; this version of the scheme does not ask again while it leads to the same tier."""

    type: Literal["care.customer.tier-proposal-refused.v1"] = "care.customer.tier-proposal-refused.v1"
    scheme: Code
    tier: Code


class TierProposalLapsed(Event):
    """The rules lead to the present tier again: what was proposed, open or refused, is no longer so."""

    type: Literal["care.customer.tier-proposal-lapsed.v1"] = "care.customer.tier-proposal-lapsed.v1"
    scheme: Code
    tier: Code


TierEvent = TierHeld | TierReleased | TierProposed | TierProposalRefused | TierProposalLapsed
TierSchemeEvent = TierSchemePublished
