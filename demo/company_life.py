"""Generates one customer's history with a company: its owner, its contacts, and where they stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from random import Random

from demo import company_texts as texts

HISTORY_DAYS = 730
TIER_WEIGHTS = {"VIP": 8, "成长型": 27, "普通": 65}
# The least and the most days from one contact to the next.
RHYTHM_DAYS = {"VIP": (12, 24), "成长型": (28, 50), "普通": (65, 115)}
# Nobody who is looked after goes longer than this without a contact, and everybody planted as silent does.
QUIET_AFTER_DAYS = {"VIP": 30, "成长型": 60, "普通": 120}
# How likely which stage is, by the days since the customer was won; the last line holds for all who are older.
STAGES_BY_AGE = (
    (45, {"新客户": 1}),
    (150, {"意向": 7, "签约": 3}),
    (365, {"意向": 2, "签约": 6, "老客户": 2}),
    (timedelta.max.days, {"意向": 5, "签约": 10, "老客户": 85}),
)
PURSUED_STAGES = frozenset({"新客户", "意向"})
PURSUIT_PACE = 0.25
FADING = 2.0
OLD_CUSTOMER_SHARE = 0.5
HANDOVER_SHARE = 0.08
OPEN_SHARE = 0.08
OPEN = "跟进中"


class Fate(Enum):
    """What became of the relation by today."""

    KEPT = auto()
    LOST = auto()
    OWNER_LEFT = auto()
    COMPLAINT_DROPPED = auto()
    CONTRACT_RAN_OUT = auto()


SILENT_FATES = (Fate.OWNER_LEFT, Fate.COMPLAINT_DROPPED, Fate.CONTRACT_RAN_OUT)


@dataclass(frozen=True, slots=True)
class Staff:
    """Leaders with the owners in their teams, and when those who left did so."""

    teams: dict[str, tuple[str, ...]]
    left_on: dict[str, date]

    def present(self) -> list[str]:
        return [owner for team in self.teams.values() for owner in team if owner not in self.left_on]


@dataclass(frozen=True, slots=True)
class Touch:
    on: date
    content: str
    owner: str
    status: str


@dataclass(frozen=True, slots=True)
class Life:
    """What is settled of a life before it is told, and the touches that tell it."""

    fate: Fate
    tier: str
    owner: str
    stage: str
    joined_on: date
    last_on: date
    touches: Sequence[Touch] = ()

    def last_contact(self) -> Touch:
        """Return the last contact that took place; an open follow-up is only a promise of one."""
        return max((touch for touch in self.touches if touch.status != OPEN), key=lambda touch: touch.on)


def live(rng: Random, fate: Fate, staff: Staff, today: date) -> Life:
    """Tell a life that ends in `fate`, as far as the last two years saw it."""
    tier = _drawn(rng, TIER_WEIGHTS)
    owner = rng.choice(list(staff.left_on) if fate is Fate.OWNER_LEFT else staff.present())
    last_on = _last_on(rng, fate, tier, staff.left_on.get(owner, today), today)
    joined_on = _joined_on(rng, fate, last_on, today)
    stage = _stage(rng, fate, (today - joined_on).days)
    life = Life(fate, tier, owner, stage, joined_on, max(joined_on, last_on))
    touches = _told(rng, life, _contact_days(rng, life, today))
    touches += _loose_end(rng, life, touches[-1].on, today)
    return replace(life, touches=_with_former_owner(rng, life, touches, staff))


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
        # Only a relation that once was alive can be seen to die.
        return last_on - timedelta(days=rng.randint(200, 1500))
    if rng.random() < OLD_CUSTOMER_SHARE:
        return today - timedelta(days=rng.randint(HISTORY_DAYS, 1800))
    return today - timedelta(days=rng.randint(3, HISTORY_DAYS))


def _stage(rng: Random, fate: Fate, age_days: int) -> str:
    match fate:
        case Fate.LOST:
            return "流失"
        case Fate.CONTRACT_RAN_OUT:
            return "老客户"
        case Fate.KEPT | Fate.OWNER_LEFT | Fate.COMPLAINT_DROPPED:
            return _drawn(rng, next(stages for younger_than, stages in STAGES_BY_AGE if age_days < younger_than))


def _contact_days(rng: Random, life: Life, today: date) -> list[date]:
    """Walk back from the last contact in the tier's rhythm; a dying relation slows down towards its end."""
    begins_on = max(life.joined_on, today - timedelta(days=HISTORY_DAYS))
    days = {life.joined_on} if life.joined_on == begins_on else set()
    pace = PURSUIT_PACE if life.stage in PURSUED_STAGES else 1.0
    fading = 1.0 if life.fate is Fate.KEPT else FADING
    day = life.last_on
    while day >= begins_on:
        days.add(day)
        day -= timedelta(days=round(rng.uniform(*RHYTHM_DAYS[life.tier]) * pace * fading))
        fading = max(1.0, fading * 0.75)
    return sorted({_workday(day) for day in days})


def _told(rng: Random, life: Life, days: list[date]) -> list[Touch]:
    settled_on = life.joined_on + timedelta(days=rng.randint(30, 150))
    deal_on = date.max if life.stage in PURSUED_STAGES else settled_on
    touches = [_touch(rng, life, day, deal_on) for day in days]
    if life.fate is Fate.LOST:
        touches[-1] = replace(touches[-1], content=rng.choice(texts.CLOSING_WORDS), status="已完成")
    return touches


def _touch(rng: Random, life: Life, day: date, deal_on: date) -> Touch:
    if day <= life.joined_on:
        return Touch(day, rng.choice(texts.FIRST_VISITS), life.owner, "已完成")
    topics = texts.BEFORE_THE_DEAL if day < deal_on else texts.AFTER_THE_DEAL
    topic = rng.choices(topics, [topic.weight for topic in topics])[0]
    return Touch(day, rng.choice(topic.wordings), life.owner, topic.done)


def _loose_end(rng: Random, life: Life, after: date, today: date) -> list[Touch]:
    """Leave open what nobody saw to: in the dropped relations always, in the living ones now and then."""
    day = min(_workday(after + timedelta(days=rng.randint(3, 7))), today)
    match life.fate:
        case Fate.COMPLAINT_DROPPED:
            return [Touch(day, rng.choice(texts.DROPPED_COMPLAINTS), life.owner, OPEN)]
        case Fate.CONTRACT_RAN_OUT:
            return [Touch(day, rng.choice(texts.OPEN_RENEWALS), life.owner, OPEN)]
        case Fate.KEPT if rng.random() < OPEN_SHARE:
            return [Touch(day, rng.choice(texts.OPEN_PROMISES), life.owner, OPEN)]
        case Fate.KEPT | Fate.LOST | Fate.OWNER_LEFT:
            return []


def _with_former_owner(rng: Random, life: Life, touches: list[Touch], staff: Staff) -> list[Touch]:
    """Give some customers an owner before this one, who answered for them until leaving."""
    if life.fate is Fate.OWNER_LEFT or rng.random() > HANDOVER_SHARE:
        return touches
    former, left_on = rng.choice(list(staff.left_on.items()))
    return [replace(touch, owner=former) if touch.on < left_on else touch for touch in touches]


def _drawn(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _workday(day: date) -> date:
    return day - timedelta(days=max(0, day.isoweekday() - 5))
