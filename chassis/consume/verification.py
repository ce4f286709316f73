"""Verifies at the start of a process that its store is not an older copy, before anything is acknowledged (ADR 0030).

The store is compared with its own topic, and the positions of the service's consumers with the topics that they read.
Until that has succeeded, the store refuses appends. Without Kafka nothing can be compared: `kafka_away` says what
happens then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from chassis.consume.positions import PublishedPosition, published_positions
from chassis.kafka.client import UNREACHABLE, ensure_topics
from chassis.postgres.database import UNAVAILABLE, Pool
from chassis.publish.topic_check import (
    LastEvent,
    OtherEpochError,
    StoreBehindTopicError,
    TopicCheck,
    last_events,
)
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from contracts.topics import Topic

RETRY_SECONDS = 2.0
KafkaAway = Literal["refuse", "accept"]
BEHIND = (StoreBehindTopicError, OtherEpochError)


class ConsumerAheadError(Exception):
    """A consumer of this service has applied events that their topic does not contain."""


DISAGREEMENTS = (*BEHIND, ConsumerAheadError)


class StoreVerification:
    """Opens the store for appends once it agrees with Kafka. `feeds` are the topics that the service consumes."""

    def __init__(
        self,
        store: EventStore,
        pool: Pool,
        topic: Topic,
        feeds: Sequence[Topic],
        *,
        bootstrap: str,
        health: Health,
        kafka_away: KafkaAway,
    ) -> None:
        self._store = store
        self._pool = pool
        self._feeds = tuple(feeds)
        self._topics = (topic, *feeds)
        self._bootstrap = bootstrap
        self._health = health
        self._kafka_away = kafka_away
        self._check = TopicCheck(store, topic, bootstrap)
        self._verified = asyncio.Event()

    def begin(self) -> None:
        """Refuse appends until `run` has verified the store."""
        self._store.refuse("the store has not been compared with Kafka since this process started")

    async def run(self) -> None:
        """Verify the store, and try again until that succeeds. Then wait for ever."""
        while True:
            if await self._is_verified():
                break
            await asyncio.sleep(RETRY_SECONDS)
        self._verified.set()
        self._health.ready()
        await asyncio.Event().wait()

    async def consume(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run a consumer once the store is verified: a restored service must not apply events that are lost."""
        await self._verified.wait()
        await run()

    async def verify(self) -> None:
        """Raise one of DISAGREEMENTS if the store or a consumer disagrees with Kafka, or one of UNREACHABLE."""
        await ensure_topics(self._bootstrap, self._topics)
        await self._check.ensure_store_not_behind()
        for feed in self._feeds:
            found = await last_events(self._bootstrap, feed)
            for applied in await published_positions(self._pool, feed.name):
                if last := found.get(applied.partition):
                    compare(feed, applied, last)

    async def _is_verified(self) -> bool:
        try:
            await self.verify()
        except DISAGREEMENTS as error:
            self._store.refuse(str(error))
            self._health.failed(str(error))
            return False
        except (*UNREACHABLE, *UNAVAILABLE) as error:
            if self._kafka_away == "accept":
                self._store.accept()
            self._health.failed(f"the store cannot be compared with Kafka: {type(error).__name__}")
            return False
        self._store.accept()
        return True


def compare(feed: Topic, applied: PublishedPosition, last: LastEvent) -> None:
    """Raise ConsumerAheadError if the last event of a partition contradicts what a consumer has applied."""
    place = f"{feed.name}/{applied.partition}"
    if applied.epoch and last.epoch != str(applied.epoch):
        raise ConsumerAheadError(f"{place} is in epoch {last.epoch}, but {applied.consumer} applied {applied.epoch}")
    if last.position < applied.position:
        raise ConsumerAheadError(
            f"{place} ends at position {last.position}, but {applied.consumer} has applied {applied.position}"
        )
    if last.position == applied.position and applied.event_id and last.id != str(applied.event_id):
        raise ConsumerAheadError(f"{place} holds another event at {last.position} than {applied.consumer} has applied")
