"""Applies one batch while the next one is fetched."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from chassis.consume.applier import Applier, Batch
from chassis.consume.positions import Progress, Source

ABANDON_SECONDS = 5.0


class PipelinedApplier:
    """Runs at most one batch in the background, in order.

    The progress of that batch is taken for granted; if its commit fails, `finish` or the next `apply` raises, and all
    is read again from the stored positions.
    """

    def __init__(self, applier: Applier) -> None:
        self._applier = applier
        self._progress: dict[Source, Progress] = {}
        self._applying: asyncio.Task[dict[Source, Progress]] | None = None

    async def progress(self, source: Source) -> Progress:
        """Return how far a source is applied, with the batch under way."""
        if source not in self._progress:
            self._progress[source] = await self._applier.progress(source)
        return self._progress[source]

    def watermarks(self, topic: str) -> list[datetime]:
        """Return until when each partition of a topic is complete."""
        return [progress.watermark for source, progress in self._progress.items() if source.topic == topic]

    async def apply(self, batches: Mapping[Source, tuple[Progress, Batch]]) -> None:
        """Begin to apply batches, each from the progress it started at, once the last ones are committed."""
        for source, (start, batch) in batches.items():
            self._progress[source] = batch.progress or start
        await self.finish()
        self._applying = asyncio.create_task(self._applier.apply(batches))

    async def finish(self) -> None:
        """Wait until everything is committed. Raises what went wrong."""
        if self._applying:
            await self._applying
            self._applying = None

    async def abandon(self) -> None:
        """Stop applying: what was not committed is read again."""
        if self._applying:
            self._applying.cancel()
            async with asyncio.timeout(ABANDON_SECONDS):
                await asyncio.wait([self._applying])
            self._applying = None

    async def settle(self) -> None:
        """Wait for the batch under way, then forget all progress: after a rebalance another member may move it."""
        if self._applying:
            await asyncio.wait([self._applying])
        self.forget()

    def forget(self) -> None:
        self._progress.clear()
