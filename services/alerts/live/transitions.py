"""Transitions of alerts as the live stream sends them, and who may see them now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from chassis.http.event_stream import message
from chassis.http.history import entry_of
from chassis.postgres.database import Pool
from contracts.event import Envelope
from services.alerts.projection.alerts import holders_of
from services.alerts.staff.directory import Directory

# The holders of each customer, or of the one that it is merged into.
HOLDERS: Final = """
    SELECT own.customer_id, own.merged_into,
        array_remove(h.owner_id || (h.leader_id || h.helper_ids), NULL) AS holders
    FROM customer_holders own LEFT JOIN customer_holders h
        ON h.customer_id = coalesce(own.merged_into, own.customer_id)
    WHERE own.customer_id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition with its message. `acting` may see it besides the holders of the customer."""

    position: int
    customer_id: UUID
    rule_id: str
    owner_id: str | None
    acting: frozenset[str]
    text: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a customer, and the customer that it is merged into. `stand_ins` are those of absent employees."""

    employee_ids: frozenset[str] = frozenset()
    merged_into: UUID | None = None
    stand_ins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a stream. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None = None
    rule_id: str | None = None
    owner_id: str | None = None
    customer_id: UUID | None = None

    def includes(self, transition: Transition, held: Held) -> bool:
        if self.visible_to is not None and self.visible_to not in readers(transition, held):
            return False
        if self.customer_id is not None and self.customer_id not in (transition.customer_id, held.merged_into):
            return False
        is_of_rule = self.rule_id is None or self.rule_id == transition.rule_id
        return is_of_rule and (self.owner_id is None or self.owner_id == transition.owner_id)


def readers(transition: Transition, held: Held) -> set[str]:
    """Return who may see a transition now: whoever has to act, the holders of the customer, and their stand-ins."""
    own = transition.acting | held.employee_ids
    return {*own, *(held.stand_ins[each] for each in own & held.stand_ins.keys())}


def transition_of(envelope: Envelope[Any]) -> Transition:
    event = envelope.event
    return Transition(
        position=envelope.position,
        customer_id=envelope.subject,
        rule_id=event.rule_id,
        owner_id=event.owner_id,
        acting=frozenset(holders_of(event)),
        text=message(envelope.position, entry_of(envelope).model_dump_json()),
    )


async def holders(pool: Pool, transitions: Collection[Transition], now: datetime) -> Mapping[UUID, Held]:
    """Return who holds the customers of these transitions now, with the present stand-ins."""
    customer_ids = {each.customer_id for each in transitions}
    rows = {row["customer_id"]: row for row in await pool.fetch(HOLDERS, list(customer_ids))}
    people = {each for row in rows.values() for each in row["holders"]}.union(*(each.acting for each in transitions))
    stand_ins = await Directory(pool).stand_ins(people, now)
    return {each: held_by(rows.get(each), stand_ins) for each in customer_ids}


def held_by(row: Record | None, stand_ins: Mapping[str, str]) -> Held:
    if row is None:
        return Held(stand_ins=stand_ins)
    return Held(frozenset(row["holders"]), row["merged_into"], stand_ins)
