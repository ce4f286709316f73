"""The tier state of a customer in one scheme."""

from dataclasses import dataclass

from contracts.customer import TierBasis, TierProposed


@dataclass(frozen=True, slots=True)
class TierState:
    """`is_held`: set by hand, and not changed by rules. `refused` is a scheme version and the tier it proposed."""

    tier: str | None = None
    basis: TierBasis | None = None
    is_held: bool = False
    proposal: TierProposed | None = None
    refused: tuple[int, str] | None = None
