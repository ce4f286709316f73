"""PostgreSQL can cast, and its client can read, every value that the structs of the contracts accept."""

import json
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec
import pytest

from chassis.postgres.database import Pool
from contracts.event import Event
from contracts.structs import struct_of
from contracts.types import Instant

UUID_TEXT = "0198c2a0-7d3e-7b61-9f0a-5d2f3f0c9a11"
READ = "SELECT ($1::text::json ->> 'value')::{cast}"


class Sampled(Event):
    """An event with one value, of the kind of a subclass."""

    type: Literal["care.sample.v1"] = "care.sample.v1"


class OfTime(Sampled):
    value: Instant


class OfDay(Sampled):
    value: date


class OfId(Sampled):
    value: UUID


class OfNumber(Sampled):
    value: int


class OfFlag(Sampled):
    value: bool


CASTS = {OfTime: "timestamptz", OfDay: "date", OfId: "uuid", OfNumber: "bigint", OfFlag: "boolean"}
OFFSETS = (
    "Z",
    "z",
    "+00:00",
    "-00:00",
    "+0800",
    "+15:59",
    "-15:59",
    "+16:00",
    "-16:00",
    "+23:59",
    "-23:59",
    "+24:00",
    "",
)
SECONDS = ("", ".5", ".123456", ".999999", ".1234567", ".9999999", ",5", ".")
DAYS = ("0000-01-01", "0001-01-01", "0099-02-03", "2024-02-29", "2023-02-29", "9999-12-31", "10000-01-01")
CLOCKS = ("00:00:00", "23:59:59", "24:00:00", "09:00:60", "09:00", "9:00:00")
TIMES = [
    f"{day}{between}{clock}{second}{offset}"
    for day in DAYS
    for between in "Tt _"
    for clock in CLOCKS
    for second in SECONDS
    for offset in OFFSETS
]
IDS = [UUID_TEXT, UUID_TEXT.upper(), UUID_TEXT.replace("-", ""), f"{{{UUID_TEXT}}}", f"urn:uuid:{UUID_TEXT}", "", "x"]
NUMBERS = [
    *("0", "-0", "1", "1.0", "1e3", "1E+2", "-1e0", "true", '"1"', "null"),
    *(str(sign * (2**bits + more)) for bits in (31, 63, 64) for more in (-1, 0, 1) for sign in (1, -1)),
]
OTHERS = ['"infinity"', '"now"', '"today"', '"epoch"', '"-infinity"', '"yes"', '"t"', "1", "[]", "{}", "false"]
CANDIDATES = [
    *(json.dumps(text) for text in (*TIMES, *DAYS, "20240601", "2024-6-1", "2024-W01-1", *IDS)),
    *NUMBERS,
    *OTHERS,
]


@pytest.mark.parametrize("event", CASTS, ids=CASTS.values())
async def test_every_value_that_a_struct_accepts_is_cast_and_read(pool: Pool, event: type[Sampled]) -> None:
    decoder = msgspec.json.Decoder(struct_of(event))
    accepted = [text for each in CANDIDATES if is_accepted(decoder, text := f'{{"value":{each}}}')]

    async with pool.acquire() as connection:
        failed = [text for text in accepted if not await is_cast(connection, CASTS[event], text)]

    assert 0 < len(accepted) < len(CANDIDATES)
    assert failed == []


def is_accepted(decoder: msgspec.json.Decoder[Any], text: str) -> bool:
    try:
        decoder.decode(text)
    except msgspec.ValidationError:
        return False
    return True


async def is_cast(connection: Any, cast: str, text: str) -> bool:
    try:
        return await connection.fetchval(READ.format(cast=cast), text) is not None
    except (asyncpg.DataError, OverflowError):
        return False
