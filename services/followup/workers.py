"""What this service does by itself: carries plans out, hands over, erases, watches contacts, fires timers."""

from collections.abc import Sequence
from typing import Any

from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.local_feed import LocalFeed
from chassis.consume.timers import RunDue, Timers
from chassis.postgres.database import Connection
from chassis.service import Parts, Task
from contracts.event import Envelope
from contracts.topics import CUSTOMER_EVENTS
from services.followup.complaints.consent import Consents
from services.followup.complaints.escalation import Lateness
from services.followup.complaints.recalculation import Repromising
from services.followup.dependencies import Dependencies
from services.followup.erasure.execution import Erasing
from services.followup.guards.watch import Watch
from services.followup.handovers import reassignment
from services.followup.plans import runner
from services.followup.plans.runner import Planning
from services.followup.surveys.sending import Sending


def reacting(parts: Parts, needs: Dependencies) -> tuple[Applier, Applier, list[Task]]:
    """Return what hears of customers, what hears of our own facts, and all that runs them and the timers."""
    settings, health = parts.settings, parts.supervisor.health
    plans, watch = Planning(needs, parts.pool, settings.business_zone), Watch(needs, parts.pool)
    erasing = Erasing(needs.store, needs.mapper)
    surveys = Sending(needs, parts.pool)

    async def heard(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await reassignment.heard(envelopes, needs)
        await either_heard(envelopes, held)
        # Last, because it locks the store, to which the others send commands.
        await erasing.heard(envelopes, held)

    async def own_heard(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await either_heard(envelopes, held)
        await erasing.heard_own(envelopes, held)

    async def either_heard(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await plans.heard(envelopes, held)
        await watch.heard(envelopes, held)
        await surveys.heard(envelopes)

    hearing = Applier(runner.CONSUMER, parts.pool, heard, applied=needs.store.wake)
    own = Applier(runner.OWN_FACTS, parts.pool, own_heard)
    news = Consumer(hearing, [CUSTOMER_EVENTS], bootstrap=settings.kafka_bootstrap, health=health(runner.CONSUMER))
    own_news = LocalFeed(needs.store, needs.mapper, own, health=health(runner.OWN_FACTS))
    timers: dict[str, RunDue] = {
        "plans": plans.run_due,
        "guards": watch.run_due,
        "consent": Consents(parts.pool, needs.complaints).run_due,
        "lateness": Lateness(needs, parts.pool).run_due,
        "repromising": Repromising(parts.pool, needs.complaints, needs.calendars).run_due,
    }
    tasks = [
        Task("consumer", runner.CONSUMER, news.run),
        Task("policy", runner.OWN_FACTS, own_news.run),
        *(Task("timers", name, Timers(run_due, health=health(name)).run) for name, run_due in timers.items()),
    ]
    return hearing, own, tasks
