"""Watches the contacts with a customer, and reports findings of the guards when they change."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import Clock, utc_now
from chassis.store.pseudonym import Pseudonyms
from contracts import customer as customer_events
from contracts.customer import Stage
from contracts.event import Envelope
from contracts.followup import ContactLogged, Guard
from services.followup.actor import ACTOR
from services.followup.commands.guard import Finding, Judge
from services.followup.domain.customer_ref import CustomerRef
from services.followup.domain.guard import Guards
from services.followup.guards import memory, rules
from services.followup.guards.memory import WatchRow
from services.followup.guards.rules import THRESHOLDS, Touch, Touches
from services.followup.plans import memory as planning
from services.followup.stream_ids import guards_of

DUE_BATCH = 100
MAX_TOUCHES = 200
# Until the customer's first event arrives.
UNKNOWN_YET = timedelta(minutes=1)
RELEVANT_EVENTS = (
    customer_events.StageChanged,
    customer_events.OwnerAssigned,
    customer_events.HelperAdded,
    customer_events.HelperRemoved,
)


class GuardWatcher:
    """`receive` is part of the consumers' handler, after that of the plans; `run_due` is the timer's."""

    def __init__(
        self, pool: Pool, *, guards: CommandHandler[Guards], pseudonyms: Pseudonyms, clock: Clock = utc_now
    ) -> None:
        self._pool = pool
        self._guards = guards
        self._pseudonyms = pseudonyms
        self._clock = clock

    async def receive(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Store contacts, and make a customer due when its findings change. Most contacts change none."""
        touched: dict[UUID, list[Touch]] = defaultdict(list)
        for envelope in envelopes:
            if isinstance(envelope.event, ContactLogged):
                touched[envelope.subject].append(touch_of(envelope, envelope.event))
        affected = {each.subject for each in envelopes if isinstance(each.event, RELEVANT_EVENTS)}
        now = self._clock()
        known = await memory.of_customers(held, affected | touched.keys())
        rows = {**{customer_id: WatchRow(customer_id) for customer_id in touched}, **known}
        customers = await planning.load_customers(held, rows) if rows else {}
        touched_rows = [with_touches(row, touched[row.customer_id], now) for row in rows.values()]
        await memory.WATCHES.save(
            held, [with_due_time(row, customers.get(row.customer_id), now) for row in touched_rows]
        )

    async def run_due(self) -> int:
        """Evaluate the customers that are due."""
        async with transaction(self._pool) as held:
            rows = await memory.due(held, self._clock(), DUE_BATCH)
            if rows:
                known = await planning.load_customers(held, [row.customer_id for row in rows])
                # Save each at once: PostgreSQL ends a transaction that is idle for five seconds.
                for row in rows:
                    await memory.WATCHES.save(held, [await self._judge(row, known.get(row.customer_id))])
        return len(rows)

    async def _judge(self, row: WatchRow, customer: CustomerRef | None) -> WatchRow:
        """Report the findings; this commits before the row does. Reporting the same findings twice adds no event."""
        now = self._clock()
        if customer is None:
            return replace(row, look_again_at=now + UNKNOWN_YET)
        found = rules.findings(row.touches, customer, now)
        if found.keys() != set(row.tripped):
            await self._guards.handle(
                guards_of(row.customer_id, self._pseudonyms),
                judgement(customer, found),
                ACTOR.on_timer(now, f"guards|{row.customer_id}|{uuid4()}", f"guards-{row.customer_id}"),
                subject=row.customer_id,
            )
        return replace(row, tripped=list(found), look_again_at=rules.look_again_at(row.touches, now))


def touch_of(envelope: Envelope[Any], event: ContactLogged) -> Touch:
    return Touch(
        contact_id=envelope.stream_id,
        at=envelope.occurred_at,
        employee_id=event.employee_id,
        direction=event.direction,
        automated=event.automated,
        purpose=event.purpose,
        sentiment=event.sentiment,
    )


def with_touches(row: WatchRow, touches: Touches, now: datetime) -> WatchRow:
    """Return the row with the new contacts, and without those that are too old for every guard."""
    every = {touch.contact_id: touch for touch in (*row.touches, *touches)}
    recent = sorted((each for each in every.values() if each.at > now - rules.LONGEST), key=lambda each: each.at)
    return replace(row, touches=recent[-MAX_TOUCHES:])


def with_due_time(row: WatchRow, customer: CustomerRef | None, now: datetime) -> WatchRow:
    """Return the row with its next due time: now, if the findings have changed."""
    if customer is None or rules.findings(row.touches, customer, now).keys() != set(row.tripped):
        return replace(row, look_again_at=now)
    return replace(row, look_again_at=rules.look_again_at(row.touches, now))


def judgement(customer: CustomerRef, found: dict[Guard, Touches]) -> Judge:
    return Judge(
        stage=Stage(customer.stage),
        mode=rules.mode(customer),
        owner_id=customer.owner_id,
        leader_id=customer.leader_id,
        findings=tuple(finding(guard, touches) for guard, touches in found.items()),
    )


def finding(guard: Guard, touches: Touches) -> Finding:
    return Finding(
        guard=guard,
        contact_ids=tuple(touch.contact_id for touch in touches),
        employee_ids=tuple(sorted({touch.employee_id for touch in touches})),
        at_least=THRESHOLDS[guard].at_least,
        within_days=THRESHOLDS[guard].within_days,
        since=touches[0].at,
    )
