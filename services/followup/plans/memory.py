"""Stored state of the plan runner: plans with their tasks, customers, and templates in force."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import Connection, Pool
from chassis.postgres.rows import Rows
from contracts.followup import PlanTemplatePublished
from services.followup.domain.customer_ref import CustomerRef
from services.followup.plans.plan_row import PlanRow

ROW = TypeAdapter(PlanRow)
PLANS = Rows("plan", PlanRow, "plan_id")
CUSTOMER = TypeAdapter(CustomerRef)

PLAN_TEMPLATE_TYPE = PlanTemplatePublished.model_fields["type"].default
COLUMNS = ", ".join(each.name for each in fields(PlanRow))
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(id::text, 0)) FROM unnest($1::uuid[]) AS id"
RUNNING = f"""
    SELECT {COLUMNS} FROM plan WHERE customer_id = ANY($1) AND ended_because IS NULL ORDER BY plan_id FOR UPDATE
"""  # noqa: S608
DUE = f"""
    SELECT {COLUMNS} FROM plan WHERE ended_because IS NULL AND look_again_at <= $1
    ORDER BY look_again_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608
OF_CUSTOMER = f"""
    SELECT {COLUMNS} FROM plan
    WHERE customer_id = $1 AND ($2::timestamptz IS NULL OR (planned_from, plan_id) < ($2, $3::uuid))
    ORDER BY planned_from DESC, plan_id DESC LIMIT $4
"""  # noqa: S608
OF_TEMPLATE = f"""
    SELECT {COLUMNS} FROM plan WHERE template = $1 AND ended_because IS NULL ORDER BY plan_id LIMIT $2
"""  # noqa: S608
# Includes waiting versions whose effective time has passed, but which the timer has not put in force yet.
IN_FORCE = """
    SELECT DISTINCT ON (name) data FROM (
        SELECT name, number, data FROM plan_template
        UNION ALL SELECT name, number, data FROM waiting_version WHERE type = $1 AND effective_from <= $2
    ) AS known ORDER BY name, number DESC
"""
PUBLISH = """
    INSERT INTO plan_template (name, number, data) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET number = excluded.number, data = excluded.data
"""
MAKE_DUE_BY_CALENDAR = """
    UPDATE plan SET look_again_at = $2 WHERE ended_because IS NULL AND look_again_at > $2
    AND template IN (SELECT name FROM plan_template WHERE data ->> 'calendar' = $1)
"""
WITH_STAND_IN = "SELECT DISTINCT employee_id FROM absence WHERE stand_in_id IS NOT NULL AND cancelled_at IS NULL"
MAKE_DUE_BY_TEMPLATE = (
    "UPDATE plan SET look_again_at = $2 WHERE template = $1 AND ended_because IS NULL AND number < $3"
)


# The customer after the last event that the policy received; the read model of customers may be further.
LOAD_CUSTOMERS = "SELECT customer_id, data FROM plan_customer WHERE customer_id = ANY($1)"
SAVE_CUSTOMERS = """
    INSERT INTO plan_customer (customer_id, data) SELECT * FROM unnest($1::uuid[], $2::jsonb[])
    ON CONFLICT (customer_id) DO UPDATE SET data = excluded.data
"""


async def load_customers(held: Connection, customer_ids: Iterable[UUID]) -> dict[UUID, CustomerRef]:
    rows = await held.fetch(LOAD_CUSTOMERS, list(customer_ids))
    return {row["customer_id"]: CUSTOMER.validate_python(row["data"]) for row in rows}


async def save_customers(held: Connection, customers: Sequence[CustomerRef]) -> None:
    data = [CUSTOMER.dump_python(each, mode="json") for each in customers]
    await held.execute(SAVE_CUSTOMERS, [each.customer_id for each in customers], data)


async def lock(held: Connection, customer_ids: Iterable[UUID]) -> None:
    """Lock the plans of these customers until the transaction ends."""
    await held.execute(LOCK, sorted(customer_ids))


async def running(held: Connection, customer_ids: Iterable[UUID]) -> list[PlanRow]:
    return plans(await held.fetch(RUNNING, list(customer_ids)))


async def due(held: Connection, now: datetime, limit: int) -> list[PlanRow]:
    return plans(await held.fetch(DUE, now, limit))


async def of_customer(pool: Pool, customer_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[PlanRow]:
    """Return the customer's plans, the latest first, starting after the sort key `before`."""
    return plans(await pool.fetch(OF_CUSTOMER, customer_id, *(before or (None, None)), limit))


async def of_template(pool: Pool, name: str, limit: int) -> list[PlanRow]:
    """Return running plans of a template."""
    return plans(await pool.fetch(OF_TEMPLATE, name, limit))


async def in_force(source: "Connection | Pool", now: datetime) -> dict[str, PlanTemplatePublished]:
    rows = await source.fetch(IN_FORCE, PLAN_TEMPLATE_TYPE, now)
    found = [PlanTemplatePublished.model_validate(row["data"]) for row in rows]
    return {template.name: template for template in found}


async def publish(held: Connection, template: PlanTemplatePublished, now: datetime) -> None:
    """Put a version in force, and make the running plans of the template due."""
    await held.execute(PUBLISH, template.name, template.number, template.model_dump(mode="json"))
    await held.execute(MAKE_DUE_BY_TEMPLATE, template.name, now, template.number)


async def make_due(held: Connection, calendar: str, now: datetime) -> None:
    """Make the plans that use this calendar due."""
    await held.execute(MAKE_DUE_BY_CALENDAR, calendar, now)


async def employees_with_stand_in(held: Connection) -> frozenset[str]:
    """Return the employees who have a stand-in for any of their absences."""
    return frozenset(row["employee_id"] for row in await held.fetch(WITH_STAND_IN))


def plans(rows: Sequence[Any]) -> list[PlanRow]:
    return [ROW.validate_python(dict(row)) for row in rows]
