"""The state of a customer that the rules need."""

from dataclasses import dataclass, field
from uuid import UUID

from chassis.commands.holders import Holders
from contracts.customer import KeyContactDetails, Kind, NeedStatus, Stage
from services.customer import commands
from services.customer.domain.standing import Standing


@dataclass(frozen=True, slots=True)
class Customer:
    """Only what a later decision needs; everything else belongs in a read model."""

    kind: Kind | None = None
    name: str | None = None
    name_ref: UUID | None = None
    stage: Stage = Stage.NEW
    standings: dict[str, Standing] = field(default_factory=dict)
    owner_id: str | None = None
    leader_id: str | None = None
    profile: commands.Profile = field(default_factory=commands.Profile)
    key_contacts: dict[UUID, KeyContactDetails] = field(default_factory=dict)
    helper_ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    references: tuple[tuple[str, str], ...] = ()
    # Where this is the stream of a number: the customer that it leads to.
    stands_for: UUID | None = None
    needs: dict[str, NeedStatus] = field(default_factory=dict)
    referred_ids: frozenset[UUID] = frozenset()
    is_erased: bool = False
    # Where the words of each key contact stand that there ever was: also those that were changed or removed since.
    words_of: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    erased_people: frozenset[UUID] = frozenset()

    # Where this is a duplicate: under which id the customer goes on. Where it is not: which ids go on here.
    merged_into: UUID | None = None
    duplicate_ids: frozenset[UUID] = frozenset()
    apart_from: frozenset[UUID] = frozenset()

    @property
    def known(self) -> bool:
        return self.kind is not None

    @property
    def tiers(self) -> dict[str, str]:
        """The customer's tier in each scheme that it has one in."""
        return {scheme: each.tier for scheme, each in self.standings.items() if each.tier}

    @property
    def proposed_tiers(self) -> dict[str, str]:
        return {scheme: each.proposal.tier for scheme, each in self.standings.items() if each.proposal}

    @property
    def holders(self) -> Holders:
        return Holders(self.owner_id, self.leader_id, self.helper_ids)
