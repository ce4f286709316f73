"""Results of a command: the response to its caller, and errors."""

from dataclasses import dataclass

CREATED, OK = 201, 200


@dataclass(frozen=True, slots=True)
class Handled:
    """The response to the caller. `events` is the number of new events; `replayed`: it is a stored first response."""

    status: int
    body: bytes
    version: int
    events: int = 0
    replayed: bool = False


class ConflictError(Exception):
    """Every attempt to append met a concurrent change of the stream."""


class VersionMismatchError(Exception):
    """The version in the caller's If-Match is not the version of the stream."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"the version is {actual}")
        self.actual = actual


class KeyReusedError(Exception):
    """The idempotency key was used before for a different request."""
