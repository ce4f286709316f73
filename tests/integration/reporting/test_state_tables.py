"""The SELECT of every state table gives the rows that the oracle calculates event by event."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, get_args
from uuid import UUID

import pytest

from chassis.consume.fact_log.model import FactModel, append
from chassis.consume.fact_log.state_table import KEYS, StateTable
from chassis.postgres.database import Pool, transaction
from contracts import alerts, customer
from contracts.customer.life import LifeEvent
from contracts.customer.responsibility import ResponsibilityEvent
from contracts.event import Event
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.plan import PlanEvent
from contracts.followup.survey import SurveyEvent
from contracts.followup.task import TaskEvent
from services.reporting.projection.tables import TABLES
from tests.oracles import reporting as oracle
from tests.support.histories import INSTANTS, Heard, histories

ROWS = 400
BATCHES, QUESTIONS = 7, 12
# The event that begins a row comes first.
EVENTS: dict[str, tuple[type[Event], ...]] = {
    "customer": (
        *(customer.Registered, customer.Renamed, customer.ProfileChanged),
        *get_args(LifeEvent),
        *get_args(ResponsibilityEvent),
    ),
    "task": get_args(TaskEvent),
    "complaint": get_args(ComplaintEvent | RepeatEvent),
    "plan": get_args(PlanEvent),
    "survey": get_args(SurveyEvent),
    "customer_order": get_args(customer.OrderEvent),
    "quote": get_args(customer.QuoteEvent),
    "contract": get_args(customer.ContractEvent),
    "alert": get_args(alerts.Transition),
}
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@cache
def story_of(table: StateTable) -> list[Heard]:
    beginning, *others = EVENTS[table.name]
    return histories(random.Random(table.name), ROWS, beginning, others)  # noqa: S311 - not for secrets


def expected(table: StateTable, heard: Iterable[Heard]) -> dict[UUID, dict[str, Any]]:
    return oracle.rows_of(table.name, ((each.key, each.envelope) for each in heard if each.envelope))


def by_key(table: StateTable, rows: Iterable[Any]) -> dict[UUID, dict[str, Any]]:
    return {row[f"{table.name.removeprefix('customer_')}_id"]: dict(row) for row in rows}


async def stored(pool: Pool, table: StateTable) -> dict[UUID, dict[str, Any]]:
    return by_key(table, await pool.fetch(f"SELECT * FROM {table.name}"))


@each_table
async def test_filling_a_table_gives_the_rows_of_the_oracle(read_model: Pool, table: StateTable) -> None:
    heard = story_of(table)
    async with transaction(read_model) as held:
        await append([each.fact for each in heard], held)
        await table.fill(held)
    rows = expected(table, heard)
    assert await stored(read_model, table) == rows
    assert len(rows) > ROWS / 2


@each_table
async def test_every_batch_updates_the_rows_that_it_changes(read_model: Pool, table: StateTable) -> None:
    heard = story_of(table)
    chance = random.Random(1)  # noqa: S311 - not for secrets
    ends = sorted(chance.sample(range(1, len(heard)), BATCHES - 1))
    for begin, end in zip([0, *ends], [*ends, len(heard)], strict=True):
        async with transaction(read_model) as held:
            await FactModel([table]).apply([each.fact for each in heard[begin:end]], held)
        assert await stored(read_model, table) == expected(table, heard[:end])


@each_table
async def test_rows_as_of_two_instants_are_those_of_the_facts_that_meet_both(
    read_model: Pool, table: StateTable
) -> None:
    heard = story_of(table)
    keys = list({each.key for each in heard})
    async with transaction(read_model) as held:
        await append([each.fact for each in heard], held)
    for occurred_by, recorded_by in questions(heard):
        rows = by_key(table, await read_model.fetch(table.as_of(), keys, occurred_by, recorded_by))
        known = [
            each for each in heard if each.fact.occurred_at <= occurred_by and each.fact.recorded_at <= recorded_by
        ]
        assert rows == expected(table, known)


def questions(heard: Sequence[Heard]) -> list[tuple[datetime, datetime]]:
    """Return pairs of instants, each that of some fact."""
    chance = random.Random(2)  # noqa: S311 - not for secrets
    return [(chance.choice(INSTANTS), chance.choice(heard).fact.recorded_at) for _ in range(QUESTIONS)]


@each_table
async def test_the_facts_of_a_key_are_found_by_an_index(read_model: Pool, table: StateTable) -> None:
    heard = story_of(table)
    async with transaction(read_model) as held:
        await append([each.fact for each in heard], held)
        # The planner then reads a whole table only if no index can be used.
        await held.execute("SET LOCAL enable_seqscan = off")
        plan = await held.fetch(f"EXPLAIN {table.query(f'{{key}} = ANY({KEYS})')}", [heard[0].key])
    lines = [line for (line,) in plan]
    assert not [line for line in lines if "Seq Scan" in line]
    assert len([line for line in lines if "Index Cond" in line]) == len(table.sources)
