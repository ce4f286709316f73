"""A customer with more alerts than change at once, whose merge waits in the stored changes (ADR 0046)."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from contracts.customer import Merged
from contracts.event import Envelope
from services.alerts.detection import appending, pending_timer
from services.alerts.detection.pending_timer import PendingTimer
from tests.support.rule_desk import RuleDesk, kinds, silence

AT_ONCE: Final = 2
ALERTS: Final = 5
NOW: Final = datetime.now(UTC)


class Many:
    """A customer with more alerts than are carried at once, and the one it is merged into, which is silent, too."""

    def __init__(self, desk: RuleDesk) -> None:
        self.desk = desk
        self.now = NOW
        self.timer = PendingTimer(desk.pool, desk.detector, lambda: self.now, pause_seconds=0)

    async def begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(ALERTS):
            await self.desk.publish(f"calls-{number}", silence(7))
        self.customer_id = await self.desk.customer(10)
        await self.desk.settle()
        monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", AT_ONCE)
        monkeypatch.setattr(pending_timer, "CHANGES_AT_ONCE", AT_ONCE)
        self.survivor_id = await self.desk.customer(9)
        await self.desk.tell(self.customer_id, Merged(into_customer_id=self.survivor_id))

    async def of(self, number: int) -> list[Envelope[Any]]:
        """Return the events of one alert."""
        return [each for each in await self.desk.told(f"calls-{number}") if each.stream_id == await self.alert(number)]

    async def alert(self, number: int) -> UUID:
        return next(each.stream_id for each in await self.desk.told(f"calls-{number}"))

    async def carried(self) -> int:
        """Return how many alerts are carried in the store."""
        return kinds(await self.desk.told()).count("carried-in")
