"""Lets customers be asked after the facts that the survey policy names, each at most so often."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid5

from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from contracts.customer import CustomerEvent
from contracts.event import Envelope
from contracts.followup import SurveyPolicyPublished
from contracts.topics import CONFIGURATION
from services.followup.actor import ACTOR
from services.followup.commands.survey import SendAt
from services.followup.dependencies import Dependencies
from services.followup.plans.policy import is_met

LATELY = "SELECT EXISTS (SELECT FROM survey WHERE customer_id = $1 AND sent_at > $2 AND survey_id <> $3)"


class Sending:
    """`heard` is part of the consumers' handler. A survey's id is made from the fact, so that it is sent once."""

    def __init__(self, needs: Dependencies, pool: Pool, clock: Clock = utc_now) -> None:
        self._needs = needs
        self._pool = pool
        self._clock = clock

    async def heard(self, envelopes: Sequence[Envelope[Any]]) -> None:
        policy = await self._needs.survey_policies.find(self._clock())
        if policy is None:
            return
        for envelope in envelopes:
            if type(envelope.event) not in CONFIGURATION and any(is_met(each, envelope) for each in policy.after):
                await self._ask(envelope, policy)

    async def _ask(self, envelope: Envelope[Any], policy: SurveyPolicyPublished) -> None:
        """As the list of surveys shows who was asked lately: two facts within a moment may both be asked after."""
        survey_id, customer_id = uuid5(envelope.id, "survey"), envelope.subject
        rest_since = envelope.recorded_at - timedelta(days=policy.rest_days)
        customer = await self._needs.customers.find(customer_id)
        if customer is None or customer.is_erased:
            return
        if not await self._pool.fetchval(LATELY, customer_id, rest_since, survey_id):
            asked = ACTOR.on_event(envelope, f"survey|{envelope.id}|{survey_id}")
            await self._needs.surveys.handle(survey_id, asking(envelope, policy), asked, subject=customer_id)


def asking(envelope: Envelope[Any], policy: SurveyPolicyPublished) -> SendAt:
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
