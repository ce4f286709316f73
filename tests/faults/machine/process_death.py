"""Simulates the death of a process: its current step ends at a crash point, and its memory is not used again."""


class ProcessDied(BaseException):
    """A BaseException, so that no `except Exception` of the product catches it."""


class ProcessDeath:
    """Replaces `crash_point`: raises at the crash point that was chosen."""

    def __init__(self) -> None:
        self._crash_point: str | None = None

    def kill_at(self, crash_point: str | None) -> None:
        self._crash_point = crash_point

    def kills_at(self, crash_point: str) -> bool:
        return crash_point == self._crash_point

    def point(self, crash_point: str) -> None:
        if self.kills_at(crash_point):
            self._crash_point = None
            raise ProcessDied(crash_point)
