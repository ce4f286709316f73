"""How a process dies inside a test: what it was doing ends where it stood, and nothing of its memory is used again."""


class Died(BaseException):
    """No `except Exception` of the product survives it, as none survives a kill."""


class Death:
    """Takes the place of `crash_point`: ends what comes to the place that is named."""

    def __init__(self) -> None:
        self._place: str | None = None

    def awaits_at(self, place: str | None) -> None:
        self._place = place

    def comes_at(self, place: str) -> bool:
        return place == self._place

    def point(self, place: str) -> None:
        if self.comes_at(place):
            self._place = None
            raise Died(place)
