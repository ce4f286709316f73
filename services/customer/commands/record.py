"""Commands to register a customer, rename it, and change or review its profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from chassis.commands.command import FactCommand, RequestModel
from contracts.customer import Kind, Stage, WorkStatus
from contracts.field_error import FieldError
from contracts.types import Code, Day, EmployeeId, Instant, Name, Word
from services.customer.commands.life import Tier
from services.customer.commands.reference import ExternalReference

MAX_INTERESTS = 30
# The place of the last contact in a command.
LAST_CONTACT = ("profile", "last_contacted_at")
Interests = Annotated[tuple[Word, ...], Field(min_length=1, max_length=MAX_INTERESTS)]


class Profile(RequestModel):
    """The profile of a customer. An absent field leaves the stored value as it is."""

    need_type: Word | None = None
    industry: Word | None = None
    region: Word | None = None
    work_status: WorkStatus | None = None
    last_contacted_at: Instant | None = None
    interests: Interests | None = None
    buying_cycle: Word | None = None
    order_size: Word | None = None
    customer_kind: Word | None = None
    potential: Word | None = None
    influence: Word | None = None
    cooperation_since: Day | None = None
    price_list: Word | None = None


class ProfileField(StrEnum):
    """The names of the profile fields."""

    NEED_TYPE = "need_type"
    INDUSTRY = "industry"
    REGION = "region"
    WORK_STATUS = "work_status"
    LAST_CONTACTED_AT = "last_contacted_at"
    INTERESTS = "interests"
    BUYING_CYCLE = "buying_cycle"
    ORDER_SIZE = "order_size"
    CUSTOMER_KIND = "customer_kind"
    POTENTIAL = "potential"
    INFLUENCE = "influence"
    COOPERATION_SINCE = "cooperation_since"
    PRICE_LIST = "price_list"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the service adds to a registration.

    `owners_leader` is the owner's leader in the list of employees: the default for the customer's leader. `leavers` are
    those of the named employees who have left. If the source states only the day of the last contact,
    `contact_day_began_at` is the beginning of that day. A new customer was registered at `registered_at`, if given.
    `led_by` are the keys of the names of the duplicate through which the command reached the customer.
    """

    owners_leader: EmployeeId | None = None
    leavers: frozenset[str] = frozenset()
    contact_day_began_at: datetime | None = None
    registered_at: datetime | None = None
    led_by: tuple[str, ...] = ()


class Register(FactCommand):
    """Register a customer. If it is already registered, update the stated fields.

    The name of a known company is changed only with `rename`. Without it, a name that it never had is rejected.
    """

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"person_name"})

    kind: Kind = Kind.COMPANY
    name: Name | None = None
    person_name: Name | None = None
    external: ExternalReference | None = None
    source: Code = "manual"
    profile: Profile = Field(default_factory=Profile)
    tier: Tier | None = None
    stage: Stage | None = None
    owner_id: EmployeeId | None = None
    leader_id: EmployeeId | None = None
    rename: bool = False
    _entry: Entry = PrivateAttr(default=Entry())

    @property
    def entry(self) -> Entry:
        return self._entry

    def with_entry(self, entry: Entry) -> Self:
        command = self.model_copy()
        command._entry = entry  # noqa: SLF001 - the same class
        return command

    def occurrence_times(self) -> Mapping[tuple[str, ...], datetime | None]:
        return {("occurred_at",): self.occurred_at, LAST_CONTACT: self.profile.last_contacted_at}

    @model_validator(mode="after")
    def name_by_kind(self) -> "Register":
        """A company has a public `name`. A person's name is personal data: `person_name`."""
        require_name_of(self.kind, self.name, self.person_name)
        return self


def require_name_of(kind: Kind, name: str | None, person_name: str | None) -> None:
    """Raise FieldError unless exactly the name field of this kind of customer is given."""
    if kind is Kind.COMPANY and (name is None or person_name is not None):
        raise wrong_name_field("company", "公司", "name", "person_name", is_missing=name is None)
    if kind is Kind.PERSON and (person_name is None or name is not None):
        raise wrong_name_field("person", "个人", "person_name", "name", is_missing=person_name is None)


def wrong_name_field(en: str, zh: str, needed: str, unfit: str, *, is_missing: bool) -> FieldError:
    return FieldError(
        f"a {en} requires `{needed}` and must not have `{unfit}`",
        f"{zh}客户须填写 `{needed}`，不得填写 `{unfit}`",
        needed if is_missing else unfit,
    )


class RegisterInTier(Register):
    """`offered` are the tiers of the scheme version in force."""

    offered: tuple[str, ...]


class Rename(FactCommand):
    """Change or correct the name: `name` of a company, `person_name` of a person."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"person_name"})

    name: Name | None = None
    person_name: Name | None = None

    @model_validator(mode="after")
    def one_name(self) -> "Rename":
        if (self.name is None) == (self.person_name is None):
            raise FieldError(
                "exactly one of `name` and `person_name` is required",
                "`name` 与 `person_name` 须且只能填写一个",
                "name",
            )
        return self


class ChangeProfile(FactCommand):
    """Set the fields in `profile` and delete those named in `clear`."""

    profile: Profile = Field(default_factory=Profile)
    clear: tuple[ProfileField, ...] = Field(default=(), max_length=len(ProfileField))

    def occurrence_times(self) -> Mapping[tuple[str, ...], datetime | None]:
        return {("occurred_at",): self.occurred_at, LAST_CONTACT: self.profile.last_contacted_at}

    @model_validator(mode="after")
    def stated_or_cleared(self) -> "ChangeProfile":
        if both := [name for name in self.clear if getattr(self.profile, name) is not None]:
            raise FieldError(
                f"a field cannot be set and cleared at once: {', '.join(both)}",
                f"不能同时填写又清除：{'、'.join(both)}",
                "clear",
            )
        return self


class ReviewProfile(FactCommand):
    """Record that the profile was checked and is correct."""
