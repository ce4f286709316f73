"""Sends surveys after the events named in the survey policy, with a minimum interval for each customer."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid5

from chassis.commands.command_handler import CommandHandler
from chassis.commands.item_limit import TooManyItemsError
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from chassis.versions.lookup import Versions
from contracts.customer import CustomerEvent
from contracts.event import Envelope
from contracts.followup import SurveyPolicyPublished
from contracts.topics import CONFIGURATION
from services.followup.actor import ACTOR
from services.followup.commands.survey import SendAt
from services.followup.domain.survey import Survey
from services.followup.plans.policy import is_met
from services.followup.queries.customers import Customers

LATELY = "SELECT EXISTS (SELECT FROM survey WHERE customer_id = $1 AND sent_at > $2 AND survey_id <> $3)"


class SurveySender:
    """`receive` is part of the consumers' handler. The survey's id is derived from the event, so it is sent once."""

    def __init__(
        self,
        pool: Pool,
        *,
        customers: Customers,
        surveys: CommandHandler[Survey | None],
        policies: Versions[SurveyPolicyPublished],
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._customers = customers
        self._surveys = surveys
        self._policies = policies
        self._clock = clock

    async def receive(self, envelopes: Sequence[Envelope[Any]]) -> None:
        """Send the surveys that the policy in force requires after these events."""
        policy = await self._policies.find(self._clock())
        if policy is None:
            return
        for envelope in envelopes:
            if type(envelope.event) not in CONFIGURATION and any(is_met(each, envelope) for each in policy.after):
                await self._send(envelope, policy)

    async def _send(self, envelope: Envelope[Any], policy: SurveyPolicyPublished) -> None:
        """Send a survey, unless the list shows one within the interval, or too many wait for an answer.

        The list may lag: two events may cause two.
        """
        survey_id, customer_id = uuid5(envelope.id, "survey"), envelope.subject
        rest_since = envelope.recorded_at - timedelta(days=policy.rest_days)
        customer = await self._customers.find(customer_id)
        if customer is None or customer.is_erased:
            return
        if not await self._pool.fetchval(LATELY, customer_id, rest_since, survey_id):
            context = ACTOR.on_event(envelope, f"survey|{envelope.id}|{survey_id}")
            with contextlib.suppress(TooManyItemsError):
                await self._surveys.handle(survey_id, command_of(envelope, policy), context, subject=customer_id)


def command_of(envelope: Envelope[Any], policy: SurveyPolicyPublished) -> SendAt:
    about = None if isinstance(envelope.event, CustomerEvent) else envelope.stream_id
    return SendAt(
        survey=policy.question.survey,
        kind=policy.question.kind,
        highest=policy.question.highest,
        anonymous=policy.anonymous,
        channel=policy.channel,
        valid_days=policy.valid_days,
        step=str(envelope.event.type).split(".")[2],
        about_id=about,
        at=envelope.recorded_at,
    )
