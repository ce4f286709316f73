"""Generates a company: its customers, two years of follow-ups, and a known share of inactive customers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from chassis.files.export import write_csv
from demo import company_texts as texts
from demo.company_life import OPEN, SILENT_FATES, Fate, Life, Staff, life_of

TEAMS = 6
OWNERS_PER_TEAM = 5
# How many days ago the owners left: longer than the inactivity limit of any tier.
LEFT_DAYS_AGO = (150, 260)
SILENT_SHARE = 0.12
LOST_SHARE = 0.06

CUSTOMER_HEADERS = (
    *("客户编号", "客户名称", "客户分层", "负责人", "最近沟通时间", "需求类型", "跟进状态"),
    *("行业", "地区", "生命周期阶段"),
)
FOLLOW_UP_HEADERS = ("跟进客户", "跟进时间", "跟进内容", "负责人员", "状态")


@dataclass(frozen=True, slots=True)
class CustomerRow:
    number: str
    name: str
    tier: str
    owner: str
    last_contact_on: date
    need_type: str
    follow_up_status: str
    industry: str
    region: str
    stage: str


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    customer: str
    followed_up_on: date
    content: str
    owner: str
    status: str


@dataclass(frozen=True, slots=True)
class Company:
    """The rows of the company's files, and what is not in them: the inactive customers and the teams."""

    customers: list[CustomerRow]
    followups: list[FollowUpRow]
    silent: frozenset[str]
    teams: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Firm:
    """A customer's name, with the industry and region that the name implies."""

    name: str
    industry: str
    region: str


def generate(seed: int, customers: int, today: date) -> Company:
    """Generate a company as of the end of `today`. The same arguments generate the same company."""
    rng = Random(seed)
    staff = _draw_staff(rng, today)
    firms = _draw_firms(rng, customers)
    fates = _draw_fates(rng, customers)
    lives = [life_of(rng, fate, staff, today) for fate in fates]
    return Company(
        customers=[_customer_row(rng, *each) for each in zip(range(1, customers + 1), firms, lives, strict=True)],
        followups=_follow_up_rows(firms, lives),
        silent=frozenset(firm.name for firm, fate in zip(firms, fates, strict=True) if fate in SILENT_FATES),
        teams=staff.teams,
    )


def customers_csv(company: Company) -> bytes:
    return write_csv(
        CUSTOMER_HEADERS,
        (
            [
                *(row.number, row.name, row.tier, row.owner, row.last_contact_on.isoformat(), row.need_type),
                *(row.follow_up_status, row.industry, row.region, row.stage),
            ]
            for row in company.customers
        ),
    )


def followups_csv(company: Company) -> bytes:
    return write_csv(
        FOLLOW_UP_HEADERS,
        (
            [row.customer, row.followed_up_on.isoformat(), row.content, row.owner, row.status]
            for row in company.followups
        ),
    )


def _draw_staff(rng: Random, today: date) -> Staff:
    people = len(texts.SURNAMES) * len(texts.GIVEN_NAMES)
    names = []
    for person in rng.sample(range(people), TEAMS * (1 + OWNERS_PER_TEAM)):
        surname, given_name = divmod(person, len(texts.GIVEN_NAMES))
        names.append(texts.SURNAMES[surname] + texts.GIVEN_NAMES[given_name])
    leaders, owners = names[:TEAMS], names[TEAMS:]
    teams = {leader: tuple(owners[team::TEAMS]) for team, leader in enumerate(leaders)}
    left_on = {owner: today - timedelta(days=days) for owner, days in zip(owners, LEFT_DAYS_AGO, strict=False)}
    return Staff(teams, left_on)


def _draw_firms(rng: Random, customers: int) -> list[Firm]:
    """Draw names without replacement, so that each is unique."""
    cities, suffixes = list(texts.CITIES), list(texts.TRADE_OF_SUFFIX)
    heads, tails = texts.WORD_HEADS, texts.WORD_TAILS
    firms = []
    for drawn in rng.sample(range(len(cities) * len(heads) * len(tails) * len(suffixes)), customers):
        rest, suffix = divmod(drawn, len(suffixes))
        rest, tail = divmod(rest, len(tails))
        city, head = divmod(rest, len(heads))
        name = cities[city] + heads[head] + tails[tail] + suffixes[suffix]
        firms.append(Firm(name, texts.TRADE_OF_SUFFIX[suffixes[suffix]], texts.CITIES[cities[city]]))
    return firms


def _draw_fates(rng: Random, customers: int) -> list[Fate]:
    silent, lost = round(customers * SILENT_SHARE), round(customers * LOST_SHARE)
    fates = [SILENT_FATES[number % len(SILENT_FATES)] for number in range(silent)]
    fates += [Fate.LOST] * lost + [Fate.KEPT] * (customers - silent - lost)
    rng.shuffle(fates)
    return fates


def _customer_row(rng: Random, number: int, firm: Firm, life: Life) -> CustomerRow:
    return CustomerRow(
        number=f"C{number:06d}",
        name=firm.name,
        tier=life.tier,
        owner=life.owner,
        last_contact_on=life.last_contact().on,
        need_type=rng.choice(texts.NEED_TYPES),
        follow_up_status=_work_status(life),
        industry=firm.industry,
        region=firm.region,
        stage=life.stage,
    )


def _work_status(life: Life) -> str:
    last = life.contacts[-1]
    return "已报价" if "报价" in last.content and last.status != OPEN else last.status


def _follow_up_rows(firms: list[Firm], lives: list[Life]) -> list[FollowUpRow]:
    rows = [
        FollowUpRow(firm.name, contact.on, contact.content, contact.owner, contact.status)
        for firm, life in zip(firms, lives, strict=True)
        for contact in life.contacts
    ]
    return sorted(rows, key=lambda row: row.followed_up_on)


def main(
    out: Annotated[Path, typer.Option(help="The folder to write customers.csv and followups.csv into.")],
    seed: Annotated[int, typer.Option(help="Another seed generates another company.")] = 7,
    customers: Annotated[int, typer.Option(min=1, max=100_000)] = 2_000,
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day of the data.")] = None,
) -> None:
    """Write the files of a generated company."""
    company = generate(seed, customers, (today or datetime.now(ZoneInfo("Asia/Shanghai"))).date())
    out.mkdir(parents=True, exist_ok=True)
    (out / "customers.csv").write_bytes(customers_csv(company))
    (out / "followups.csv").write_bytes(followups_csv(company))
    print(f"{customers} customers, {len(company.followups)} follow-ups, {len(company.silent)} silent: {out}")


if __name__ == "__main__":
    typer.run(main)
