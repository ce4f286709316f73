"""Builds the background workers of this service: event consumers and timers."""

from collections.abc import Sequence
from typing import Any

from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.local_feed import LocalFeed
from chassis.consume.timers import RunDue, Timers
from chassis.postgres.database import Connection
from chassis.runtime.clock import Clock, utc_now
from chassis.service import ServiceContext, Task
from contracts.event import Envelope
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS
from services.followup.care.requests import CareRequests
from services.followup.complaints.consent import ConsentTimer
from services.followup.complaints.escalation import EscalationTimer
from services.followup.complaints.recalculation import TargetRecalculation
from services.followup.dependencies import Dependencies
from services.followup.erasure.execution import ErasureHandler
from services.followup.guards.watcher import GuardWatcher
from services.followup.handovers.reassignment import Reassignment
from services.followup.plans.runner import PlanRunner
from services.followup.surveys.sender import SurveySender

# Names of consumers are stored with their positions, so they never change.
CONSUMER = "followup-plans"
OWN_CONSUMER = "followup-plans-own"
CARE_CONSUMER = "followup-care"
# No request waits for the tasks that alerts ask for, so small batches are gathered.
GATHER_SECONDS = 0.25


def assemble(context: ServiceContext, needs: Dependencies) -> tuple[list[Applier], list[Task]]:
    """Return the appliers of customer events, of the service's own events and of alerts, and all tasks."""
    settings, health = context.settings, context.supervisor.health
    plans, guards = plan_runner(needs, settings.business_zone), guard_watcher(needs)
    surveys, erasures = survey_sender(needs), ErasureHandler(needs.store, needs.mapper, needs.pseudonyms)
    handovers = reassignment(needs)

    async def receive(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await handovers.receive(envelopes, held)
        await receive_either(envelopes, held)
        # Last, because it locks the store, and the other handlers append to it.
        await erasures.receive(envelopes, held)

    async def receive_own(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await receive_either(envelopes, held)
        await erasures.receive_own(envelopes, held)

    async def receive_either(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await plans.receive(envelopes, held)
        await guards.receive(envelopes, held)
        await surveys.receive(envelopes)

    of_customers = Applier(CONSUMER, context.pool, receive, applied=needs.store.wake)
    of_own = Applier(OWN_CONSUMER, context.pool, receive_own)
    consumer = Consumer(of_customers, [CUSTOMER_EVENTS], bootstrap=settings.kafka_bootstrap, health=health(CONSUMER))
    care = CareRequests(needs.pool, customers=needs.customers, tasks=needs.tasks)
    of_alerts = Applier(CARE_CONSUMER, context.pool, care.receive)
    alerts = Consumer(
        of_alerts,
        [ALERT_EVENTS],
        bootstrap=settings.kafka_bootstrap,
        health=health(CARE_CONSUMER),
        gather_seconds=GATHER_SECONDS,
    )
    tail = LocalFeed(needs.store, needs.mapper, of_own, health=health(OWN_CONSUMER))
    timers: dict[str, RunDue] = {
        "plans": plans.run_due,
        "guards": guards.run_due,
        "reassignment": handovers.run_due,
        "consent": ConsentTimer(context.pool, needs.complaints).run_due,
        "lateness": escalation_timer(needs).run_due,
        "repromising": TargetRecalculation(context.pool, needs.complaints, needs.calendars).run_due,
    }
    tasks = [
        Task("consumer", CONSUMER, consumer.run),
        Task("consumer", CARE_CONSUMER, alerts.run),
        Task("policy", OWN_CONSUMER, tail.run),
        *(Task("timers", name, Timers(run_due, health=health(name)).run) for name, run_due in timers.items()),
    ]
    return [of_customers, of_own, of_alerts], tasks


def plan_runner(needs: Dependencies, zone: str, clock: Clock = utc_now) -> PlanRunner:
    return PlanRunner(
        needs.pool,
        customers=needs.customers,
        calendars=needs.calendars,
        plans=needs.plans,
        tasks=needs.tasks,
        zone=zone,
        clock=clock,
    )


def guard_watcher(needs: Dependencies, clock: Clock = utc_now) -> GuardWatcher:
    return GuardWatcher(needs.pool, guards=needs.guards, pseudonyms=needs.pseudonyms, clock=clock)


def survey_sender(needs: Dependencies, clock: Clock = utc_now) -> SurveySender:
    return SurveySender(
        needs.pool, customers=needs.customers, surveys=needs.surveys, policies=needs.survey_policies, clock=clock
    )


def reassignment(needs: Dependencies) -> Reassignment:
    return Reassignment(needs.pool, customers=needs.customers, tasks=needs.tasks, complaints=needs.complaints)


def escalation_timer(needs: Dependencies, clock: Clock = utc_now) -> EscalationTimer:
    return EscalationTimer(
        needs.pool,
        complaints=needs.complaints,
        repeats=needs.complaint_repeats,
        calendars=needs.calendars,
        pseudonyms=needs.pseudonyms,
        clock=clock,
    )
