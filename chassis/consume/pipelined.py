"""Applies a batch in the background while the consumer fetches the next one."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from chassis.consume.applier import Applier, Batch
from chassis.consume.positions import Progress, Source

ABANDON_SECONDS = 5.0


class PipelinedApplier:
    """Runs at most one batch at a time, in order.

    `progress` assumes that the running batch will commit. If it fails, `finish` or the next `apply` raises, and the
    consumer restarts from the stored positions.
    """

    def __init__(self, applier: Applier) -> None:
        self._applier = applier
        self._progress: dict[Source, Progress] = {}
        self._applying: asyncio.Task[dict[Source, Progress]] | None = None

    async def progress(self, source: Source) -> Progress:
        """Return the progress of a source, including the running batch."""
        if source not in self._progress:
            self._progress[source] = await self._applier.progress(source)
        return self._progress[source]

    def watermarks(self, topic: str) -> list[datetime]:
        """Return the watermarks of the partitions of a topic."""
        return [progress.watermark for source, progress in self._progress.items() if source.topic == topic]

    async def apply(self, batches: Mapping[Source, tuple[Progress, Batch]]) -> None:
        """Start to apply batches, each from its start progress, after the running ones are committed."""
        for source, (start, batch) in batches.items():
            self._progress[source] = batch.progress or start
        await self.finish()
        self._applying = asyncio.create_task(self._applier.apply(batches))

    async def finish(self) -> None:
        """Wait until the running batch is committed. Raises its failure."""
        if self._applying:
            await self._applying
            self._applying = None

    async def abandon(self) -> None:
        """Cancel the running batch. Uncommitted records will be read again."""
        if self._applying:
            self._applying.cancel()
            async with asyncio.timeout(ABANDON_SECONDS):
                await asyncio.wait([self._applying])
            self._applying = None

    async def settle(self) -> None:
        """Wait for the running batch, then forget all progress: after a rebalance another member may move it."""
        if self._applying:
            await asyncio.wait([self._applying])
        self.reset()

    def reset(self) -> None:
        self._progress.clear()
