"""Generates one customer's history with a company: its owner, its contacts, and where they stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from random import Random

from demo import company_texts as texts

HISTORY_DAYS = 730
TIER_WEIGHTS = {"VIP": 8, "成长型": 27, "普通": 65}
# The minimum and maximum number of days between two contacts.
RHYTHM_DAYS = {"VIP": (12, 24), "成长型": (28, 50), "普通": (65, 115)}
# Active customers have a contact at least this often; inactive ones have had none for longer.
QUIET_AFTER_DAYS = {"VIP": 30, "成长型": 60, "普通": 120}
# The weights of the stages by the age of the customer in days; the last row is for all older ones.
STAGES_BY_AGE = (
    (45, {"新客户": 1}),
    (150, {"意向": 7, "签约": 3}),
    (365, {"意向": 2, "签约": 6, "老客户": 2}),
    (timedelta.max.days, {"意向": 5, "签约": 10, "老客户": 85}),
)
PURSUED_STAGES = frozenset({"新客户", "意向"})
PURSUIT_PACE = 0.25
SLOWDOWN = 2.0
ESTABLISHED_SHARE = 0.5
HANDOVER_SHARE = 0.08
OPEN_SHARE = 0.08
OPEN = "跟进中"


class Fate(Enum):
    """The state of the customer relation today."""

    KEPT = auto()
    LOST = auto()
    OWNER_LEFT = auto()
    COMPLAINT_DROPPED = auto()
    CONTRACT_RAN_OUT = auto()


SILENT_FATES = (Fate.OWNER_LEFT, Fate.COMPLAINT_DROPPED, Fate.CONTRACT_RAN_OUT)


@dataclass(frozen=True, slots=True)
class Staff:
    """Leaders with the owners in their teams, and the days on which owners left."""

    teams: dict[str, tuple[str, ...]]
    left_on: dict[str, date]

    def present(self) -> list[str]:
        return [owner for team in self.teams.values() for owner in team if owner not in self.left_on]


@dataclass(frozen=True, slots=True)
class Contact:
    on: date
    content: str
    owner: str
    status: str


@dataclass(frozen=True, slots=True)
class Life:
    """A customer's history: its parameters, and the contacts generated from them."""

    fate: Fate
    tier: str
    owner: str
    stage: str
    joined_on: date
    last_on: date
    contacts: Sequence[Contact] = ()

    def last_contact(self) -> Contact:
        """Return the last contact that took place; open follow-ups do not count."""
        return max((contact for contact in self.contacts if contact.status != OPEN), key=lambda contact: contact.on)


def life_of(rng: Random, fate: Fate, staff: Staff, today: date) -> Life:
    """Generate a history of up to HISTORY_DAYS that ends in `fate`."""
    tier = _draw(rng, TIER_WEIGHTS)
    owner = rng.choice(list(staff.left_on) if fate is Fate.OWNER_LEFT else staff.present())
    last_on = _last_on(rng, fate, tier, staff.left_on.get(owner, today), today)
    joined_on = _joined_on(rng, fate, last_on, today)
    stage = _stage(rng, fate, (today - joined_on).days)
    life = Life(fate, tier, owner, stage, joined_on, max(joined_on, last_on))
    contacts = _contacts(rng, life, _contact_days(rng, life, today))
    contacts += _open_item(rng, life, contacts[-1].on, today)
    return replace(life, contacts=_with_former_owner(rng, life, contacts, staff))


def _last_on(rng: Random, fate: Fate, tier: str, owner_until: date, today: date) -> date:
    longest = RHYTHM_DAYS[tier][1]
    match fate:
        case Fate.KEPT:
            return today - timedelta(days=rng.randint(0, longest))
        case Fate.LOST:
            return today - timedelta(days=rng.randint(14, 400))
        case Fate.OWNER_LEFT:
            return owner_until - timedelta(days=rng.randint(1, longest))
        case Fate.COMPLAINT_DROPPED | Fate.CONTRACT_RAN_OUT:
            return today - timedelta(days=round(QUIET_AFTER_DAYS[tier] * rng.uniform(1.5, 3.5)))


def _joined_on(rng: Random, fate: Fate, last_on: date, today: date) -> date:
    if fate is not Fate.KEPT:
        # A relation must have been active before it can end.
        return last_on - timedelta(days=rng.randint(200, 1500))
    if rng.random() < ESTABLISHED_SHARE:
        return today - timedelta(days=rng.randint(HISTORY_DAYS, 1800))
    return today - timedelta(days=rng.randint(3, HISTORY_DAYS))


def _stage(rng: Random, fate: Fate, age_days: int) -> str:
    match fate:
        case Fate.LOST:
            return "流失"
        case Fate.CONTRACT_RAN_OUT:
            return "老客户"
        case Fate.KEPT | Fate.OWNER_LEFT | Fate.COMPLAINT_DROPPED:
            return _draw(rng, next(stages for younger_than, stages in STAGES_BY_AGE if age_days < younger_than))


def _contact_days(rng: Random, life: Life, today: date) -> list[date]:
    """Go back from the last contact at the tier's intervals, which get longer before a relation ends."""
    begins_on = max(life.joined_on, today - timedelta(days=HISTORY_DAYS))
    days = {life.joined_on} if life.joined_on == begins_on else set()
    pace = PURSUIT_PACE if life.stage in PURSUED_STAGES else 1.0
    slowdown = 1.0 if life.fate is Fate.KEPT else SLOWDOWN
    day = life.last_on
    while day >= begins_on:
        days.add(day)
        day -= timedelta(days=round(rng.uniform(*RHYTHM_DAYS[life.tier]) * pace * slowdown))
        slowdown = max(1.0, slowdown * 0.75)
    return sorted({_workday(day) for day in days})


def _contacts(rng: Random, life: Life, days: list[date]) -> list[Contact]:
    settled_on = life.joined_on + timedelta(days=rng.randint(30, 150))
    deal_on = date.max if life.stage in PURSUED_STAGES else settled_on
    contacts = [_contact(rng, life, day, deal_on) for day in days]
    if life.fate is Fate.LOST:
        contacts[-1] = replace(contacts[-1], content=rng.choice(texts.CLOSING_TEXTS), status="已完成")
    return contacts


def _contact(rng: Random, life: Life, day: date, deal_on: date) -> Contact:
    if day <= life.joined_on:
        return Contact(day, rng.choice(texts.FIRST_VISITS), life.owner, "已完成")
    topics = texts.BEFORE_THE_DEAL if day < deal_on else texts.AFTER_THE_DEAL
    topic = rng.choices(topics, [topic.weight for topic in topics])[0]
    return Contact(day, rng.choice(topic.contents), life.owner, topic.done)


def _open_item(rng: Random, life: Life, after: date, today: date) -> list[Contact]:
    """Return an open follow-up: always for dropped relations, sometimes for active ones."""
    day = min(_workday(after + timedelta(days=rng.randint(3, 7))), today)
    match life.fate:
        case Fate.COMPLAINT_DROPPED:
            return [Contact(day, rng.choice(texts.DROPPED_COMPLAINTS), life.owner, OPEN)]
        case Fate.CONTRACT_RAN_OUT:
            return [Contact(day, rng.choice(texts.OPEN_RENEWALS), life.owner, OPEN)]
        case Fate.KEPT if rng.random() < OPEN_SHARE:
            return [Contact(day, rng.choice(texts.OPEN_PROMISES), life.owner, OPEN)]
        case Fate.KEPT | Fate.LOST | Fate.OWNER_LEFT:
            return []


def _with_former_owner(rng: Random, life: Life, contacts: list[Contact], staff: Staff) -> list[Contact]:
    """Give some customers a former owner, for the contacts before that owner left."""
    if life.fate is Fate.OWNER_LEFT or rng.random() > HANDOVER_SHARE:
        return contacts
    former, left_on = rng.choice(list(staff.left_on.items()))
    return [replace(contact, owner=former) if contact.on < left_on else contact for contact in contacts]


def _draw(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _workday(day: date) -> date:
    return day - timedelta(days=max(0, day.isoweekday() - 5))
