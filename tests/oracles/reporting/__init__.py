"""The rows of the state tables of reporting, calculated event by event.

An event whose row does not exist is ignored, unless it begins the row. The event that begins a row replaces it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from chassis.consume.fact_log.state_table import touched
from contracts.event import Envelope
from services.reporting.projection.tables import TABLES
from tests.oracles.reporting import alert, commerce, complaint, customer, plan, survey, task
from tests.support.facts import fact_of

Row = dict[str, Any]
EVOLVE: Mapping[str, Callable[[Any, Envelope[Any]], Any]] = {
    "customer": customer.evolve,
    "task": task.evolve,
    "complaint": complaint.evolve,
    "plan": plan.evolve,
    "survey": survey.evolve,
    "customer_order": commerce.evolve_order,
    "quote": commerce.evolve_quote,
    "contract": commerce.evolve_contract,
    "alert": alert.evolve,
}


def rows_of(table: str, history: Iterable[tuple[UUID, Envelope[Any]]]) -> dict[UUID, Row]:
    """Return the rows of a table after events in the order of their positions, each with the key of its row."""
    return {key: asdict(row) for key, row in fold(table, history).items()}


def fold(table: str, history: Iterable[tuple[UUID, Envelope[Any]]]) -> dict[UUID, Any]:
    """Return the same rows as dataclasses."""
    rows: dict[UUID, Any] = {}
    for key, envelope in history:
        rows[key] = EVOLVE[table](rows.get(key), envelope)
    return {key: row for key, row in rows.items() if row}


def keyed(envelopes: Iterable[Envelope[Any]]) -> Mapping[str, list[tuple[UUID, Envelope[Any]]]]:
    """Return, for each table, the events that change its rows, with the keys of these rows."""
    found: dict[str, list[tuple[UUID, Envelope[Any]]]] = {table.name: [] for table in TABLES}
    for envelope in envelopes:
        for table, keys in touched(TABLES, [fact_of(envelope)]).items():
            found[table.name] += [(key, envelope) for key in keys]
    return found
