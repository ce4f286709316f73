"""The state of a customer that the rules need."""

from dataclasses import dataclass, field
from uuid import UUID

from chassis.commands.holders import Holders
from contracts.customer import KeyContactAdded, KeyContactChanged, Kind, NeedStatus, Stage
from services.customer import commands
from services.customer.domain.tier_state import TierState


@dataclass(frozen=True, slots=True)
class Customer:
    """The state that later decisions need; read models hold everything else."""

    kind: Kind | None = None
    name: str | None = None
    name_ref: UUID | None = None
    # Of a company: the keys of its name and of its former names.
    name_keys: tuple[str, ...] = ()
    stage: Stage = Stage.NEW
    tier_states: dict[str, TierState] = field(default_factory=dict)
    owner_id: str | None = None
    leader_id: str | None = None
    is_leader_stated: bool = False
    profile: commands.Profile = field(default_factory=commands.Profile)
    key_contacts: dict[UUID, KeyContactAdded | KeyContactChanged] = field(default_factory=dict)
    helper_ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    references: tuple[tuple[str, str], ...] = ()
    # If this is the stream of a number: the customer that it belongs to.
    reserved_for: UUID | None = None
    needs: dict[str, NeedStatus] = field(default_factory=dict)
    referred_ids: frozenset[UUID] = frozenset()
    is_erased: bool = False
    # The vault references of every key contact, also of replaced values and removed contacts.
    personal_data_refs: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    erased_people: frozenset[UUID] = frozenset()

    # If this is a duplicate: the customer that it was merged into. If not: the duplicates merged into this one.
    merged_into: UUID | None = None
    merges: int = 0
    duplicate_ids: frozenset[UUID] = frozenset()
    distinct_from: frozenset[UUID] = frozenset()

    @property
    def known(self) -> bool:
        return self.kind is not None

    @property
    def tiers(self) -> dict[str, str]:
        """The customer's tier in each scheme in which it has one."""
        return {scheme: each.tier for scheme, each in self.tier_states.items() if each.tier}

    @property
    def proposed_tiers(self) -> dict[str, str]:
        return {scheme: each.proposal.tier for scheme, each in self.tier_states.items() if each.proposal}

    @property
    def holders(self) -> Holders:
        return Holders(self.owner_id, self.leader_id, self.helper_ids)
