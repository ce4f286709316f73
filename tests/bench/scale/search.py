"""Customer searches of each kind among very many customers, against a query by primary key."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache, partial
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID, uuid5

import httpx

from chassis.postgres.database import Connection, Pool
from chassis.store.pseudonym import Pseudonyms
from contracts.examples import CUSTOMER_ID
from deploy.stack import tokens
from services.customer.__main__ import build
from services.customer.projection import CustomerRow
from services.customer.search import names
from services.customer.search.tokens import entry_of
from tests.bench.harness.measuring import Bed, Figure, administrator, percentile
from tests.security.world import parts
from tests.unit.chassis.issuer import ISSUER, SETTINGS, client_of

CALLS = 200
MOST_P50, MOST_P99 = 20.0, 50.0
BATCH = 10_000
PEOPLE, REGIONS, SEED, ALIKE = 2_000, 34, 7, 10
PHONE_OF_EVERY = 10
# fmt: off
PLACES = (
    "上海", "北京", "广州", "深圳", "杭州", "南京", "苏州", "成都", "武汉", "西安",
    "重庆", "天津", "宁波", "青岛", "长沙", "郑州", "济南", "大连", "厦门", "福州",
)
# fmt: on
SIGNS = "腾云博远华信恒达鼎盛瑞丰嘉禾天宇中科安泰金石东方新创联合通明德诚光宏伟业立世纪未来启航凌志"
# fmt: off
TRADES = (
    "科技", "信息技术", "商贸", "实业", "机械", "电子", "医疗器械", "食品", "化工", "物流",
    "建筑工程", "文化传媒", "教育咨询", "软件",
)
# fmt: on
FORMS = ("有限公司", "股份有限公司", "集团有限公司", "有限责任公司")
TAGS = ("high-potential", "needs-support", "export", "chain")
TIERS = ("vip", "growth", "growth", *["ordinary"] * 7)
STAGES = ("new", "interested", "signed", "established", "established", "lost")
LEADER = "L7"
OF_A_LEADER = {"all": "limit=50", "a stage": "stage=established", "a word": "q=科技", "a word that all hold": "q=公司"}
PAGED = {"a word": "q=科技", "a stage of a region": "stage=established&region=region-3", "one owner's": "owner_id=E7"}
FLOOR = "SELECT * FROM customer WHERE customer_id = $1"

Ask = Callable[[int], str]


async def measure(bed: Bed, customers: int) -> list[Figure]:
    made = Made(customers)
    async with bed.store("customer") as (database, pool):
        async with administrator(database) as owner:
            await owner.execute("SET statement_timeout = 0")
            await fill(owner, made, bed)
        signer = tokens.signer(bed.data_dir, ISSUER)
        token = tokens.mint(signer, "ops", ["ops"])
        leader = tokens.mint(signer, LEADER, ["leader"])
        async with client_of(build(parts(pool, signer)).app) as client:
            times = {name: await asked(partial(search, client, token, ask)) for name, ask in made.questions().items()}
            for name, question in OF_A_LEADER.items():
                times[f"a leader's own: {name}"] = await asked(partial(search, client, leader, question.format))
            for name, question in PAGED.items():
                times[f"page after page: {name}"] = await asked(Pages(client, token, question).next)
        floor = await asked(partial(look_up, pool, made))
    bed.say(f"search: {customers} customers, {CALLS} calls of each kind through the API, pages of 50")
    return [figure for name, found in times.items() for figure in figures(name, found, floor)]


def figures(name: str, ours: list[float], floor: list[float]) -> list[Figure]:
    floor_p50 = percentile(floor, 0.5)
    return [
        Figure(f"{name}, p50", percentile(ours, 0.5), "ms", floor_p50, target=MOST_P50),
        Figure(f"{name}, p99", percentile(ours, 0.99), "ms", percentile(floor, 0.99), target=MOST_P99),
    ]


async def asked(call: Callable[[int], Awaitable[None]]) -> list[float]:
    """Return how many milliseconds each call took, each with another question."""
    found = []
    for number in range(CALLS):
        started_at = perf_counter()
        await call(number)
        found.append((perf_counter() - started_at) * 1_000)
    return found


async def search(client: httpx.AsyncClient, token: str, ask: Ask, number: int) -> None:
    answered = await client.get(f"/v1/customers?{ask(number)}", headers={"Authorization": f"Bearer {token}"})
    if not answered.is_success or not answered.json()["items"]:
        raise AssertionError(f"somebody should be found by {ask(number)}: {answered.text}")


class Pages:
    """Goes through a list, page by page; from its beginning again behind its end."""

    def __init__(self, client: httpx.AsyncClient, token: str, question: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}
        self._question = question
        self._cursor: str | None = None

    async def next(self, _number: int) -> None:
        asked = f"/v1/customers?{self._question}" + (f"&cursor={self._cursor}" if self._cursor else "")
        page = (await self._client.get(asked, headers=self._headers)).raise_for_status().json()
        self._cursor = page["next_cursor"]


async def look_up(pool: Pool, made: "Made", number: int) -> None:
    await pool.fetchrow(FLOOR, made.customer_id(made.some(number)))


class Remembering(Pseudonyms):
    """Makes each number once, which is most of what filling takes."""

    token = cache(Pseudonyms.token)


class Made:
    """Customers that are the same at each run."""

    def __init__(self, customers: int) -> None:
        self.customers = customers
        self._now = datetime(2024, 6, 3, tzinfo=UTC)

    def customer_id(self, number: int) -> UUID:
        return uuid5(CUSTOMER_ID, f"search {number}")

    def some(self, number: int) -> int:
        """Return one of the customers for the call of this number."""
        return Random(SEED + number).randrange(self.customers)  # noqa: S311

    def name(self, number: int) -> str:
        """Return the name of one of them; some have the same, like branches of one firm."""
        dice = Random(number // ALIKE)  # noqa: S311
        signs = "".join(dice.choices(SIGNS, k=dice.choice((2, 2, 3, 4))))
        return f"{dice.choice(PLACES)}{signs}{dice.choice(TRADES)}{dice.choice(FORMS)}"

    def sign(self, number: int) -> str:
        """Return what tells a company from others: the two characters behind its place, and the first of its trade."""
        return self.name(number)[2:5]

    def phone(self, number: int) -> str | None:
        return f"+86138{number * 7919 % 100_000_000:08}" if number % PHONE_OF_EVERY == 0 else None

    def row(self, number: int) -> CustomerRow:
        # As far apart as by dice, and made sooner.
        thrown = number * 2_654_435_761 % 2**32
        owner = thrown % PEOPLE
        return CustomerRow(
            customer_id=self.customer_id(number),
            version=1,
            kind="company",
            name=self.name(number),
            name_ref=None,
            stage=STAGES[thrown // 7 % len(STAGES)],
            stage_since=self._now,
            registered_at=self._now,
            tiers={"default": TIERS[thrown // 11 % len(TIERS)]},
            owner_id=None if number % 100 == 0 else f"E{owner}",
            leader_id=f"L{owner // 10}",
            region=f"region-{thrown // 13 % REGIONS}",
            tags=[tag for place, tag in enumerate(TAGS, 17) if thrown // place % 20 == 0],
        )

    def questions(self) -> dict[str, Ask]:
        """Return what is asked, by kind."""
        return {
            "part of a name": lambda number: f"q={self.sign(self.some(number))}",
            "a whole name": lambda number: f"q={self.name(self.some(number))}",
            "a word that many names hold": lambda number: f"q={TRADES[number % len(TRADES)]}",
            "a place": lambda number: f"q={PLACES[number % len(PLACES)]}",
            "pinyin": lambda number: f"q={spelt(self.name(self.some(number))[:4])}",
            "initials": lambda number: f"q={initials(self.name(self.some(number))[:5])}",
            "the last four digits of a phone": lambda number: f"q={self.tail(number, 4)}",
            "the last eight digits of a phone": lambda number: f"q={self.tail(number, 8)}",
            "a tag, a tier and a stage": lambda number: f"tag={TAGS[number % len(TAGS)]}&tier=vip&stage=established",
            "a place in a region": lambda number: f"q={PLACES[number % len(PLACES)]}&region=region-{number % REGIONS}",
            "one owner's of a stage": lambda number: f"owner_id=E{number % PEOPLE}&stage=established",
            "ownerless with a word": lambda number: f"ownerless=true&q={TRADES[number % len(TRADES)]}",
            "initials that some have": lambda number: f"q={initials(TRADES[number % len(TRADES)])[:2]}",
            "a stage of a region": lambda number: f"stage=established&region=region-{number % REGIONS}",
            "a place, and a name that begins with it": lambda number: (
                f"q={PLACES[number % len(PLACES)]}&name={PLACES[number % len(PLACES)]}"
            ),
            "ownerless": lambda _: "ownerless=true",
            "all": lambda _: "limit=50",
        }

    def tail(self, number: int, length: int) -> str:
        return str(self.phone(self.some(number) // PHONE_OF_EVERY * PHONE_OF_EVERY))[-length:]


def spelt(name: str) -> str:
    return names.spoken(names.readings_of(name)[0])[0]


def initials(name: str) -> str:
    return names.spoken(names.readings_of(name)[0])[1]


async def fill(owner: Connection, made: Made, bed: Bed) -> None:
    """Write the rows that the projection would have written; the index is made when they are there."""
    started_at = perf_counter()
    index = await owner.fetchval("SELECT pg_get_indexdef('customer_search_tokens'::regclass)")
    await owner.execute("DROP INDEX customer_search_tokens")
    pseudonyms = Remembering(SETTINGS.pseudonym_key)
    for first in range(0, made.customers, BATCH):
        numbers = range(first, min(first + BATCH, made.customers))
        rows = [made.row(number) for number in numbers]
        await owner.copy_records_to_table("customer", records=map(values, rows), columns=COLUMNS)
        entries = [searched(made.phone(number), row, pseudonyms) for number, row in zip(numbers, rows, strict=True)]
        await owner.copy_records_to_table("customer_search", records=entries)
    await owner.execute("SET maintenance_work_mem = '512MB'")
    await owner.execute(index)
    for table in ("customer", "customer_search"):
        await owner.execute(f"VACUUM ANALYZE {table}")
    bed.say(f"search: filled, indexed and analysed in {perf_counter() - started_at:.0f} s")


COLUMNS = [field.name for field in fields(CustomerRow)]
AS_JSON = {"tiers", "key_contacts", "numbers", "proposed_tiers"}


def values(row: CustomerRow) -> tuple[Any, ...]:
    return tuple(json.dumps(getattr(row, name)) if name in AS_JSON else getattr(row, name) for name in COLUMNS)


def searched(phone: str | None, row: CustomerRow, pseudonyms: Pseudonyms) -> tuple[Any, ...]:
    entry = entry_of(row, None, [phone] if phone else [], pseudonyms)
    return row.customer_id, row.owner_id is not None, entry.words, entry.tokens
