"""One open stream: what is wanted, and the messages that wait to be sent."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from chassis.runtime.event_timeout import wait_with_timeout
from services.alerts.live.transitions import Held, Transition, Wanted

# Of a client that reads too slowly. It is cut off, and may resume.
MAX_WAITING: Final = 1_000


class Subscription:
    """The messages of one stream, which continues after the position `after`.

    `missed` are the transitions since then; None if they are not known any more.
    """

    def __init__(self, subject: str, wanted: Wanted, after: int, missed: Sequence[Transition] | None) -> None:
        self.subject = subject
        self.after = after
        self.missed = missed
        self._wanted = wanted
        self.is_open = True
        self._waiting: deque[bytes] = deque()
        self._woken = asyncio.Event()

    def includes(self, transition: Transition, held: Held) -> bool:
        """Return whether the stream may see the transition, and has not got it yet."""
        return transition.position > self.after and self._wanted.includes(transition, held)

    def offer(self, text: bytes) -> bool:
        """Add a message. Return False if too many wait: the stream then ends."""
        if len(self._waiting) >= MAX_WAITING:
            self.end()
            return False
        self._waiting.append(text)
        self._woken.set()
        return True

    def end(self) -> None:
        self.is_open = False
        self._woken.set()

    async def next(self, timeout_seconds: float) -> bytes:
        """Return the messages that wait, after a while none."""
        if not self._waiting and self.is_open:
            await wait_with_timeout(self._woken, timeout_seconds)
        self._woken.clear()
        texts = b"".join(self._waiting)
        self._waiting.clear()
        return texts
