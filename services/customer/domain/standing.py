"""How a customer stands in one tier scheme."""

from dataclasses import dataclass

from contracts.customer import TierBasis, TierProposed


@dataclass(frozen=True, slots=True)
class Standing:
    """`is_held`: set by hand, and kept from the rules. `refused` is a version of the scheme and the tier it led to."""

    tier: str | None = None
    basis: TierBasis | None = None
    is_held: bool = False
    proposal: TierProposed | None = None
    refused: tuple[int, str] | None = None
