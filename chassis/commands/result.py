"""How a command ends: with an answer to its caller, or with one of these errors."""

from dataclasses import dataclass

CREATED, OK = 201, 200


@dataclass(frozen=True, slots=True)
class Handled:
    """The answer to the caller. `events` is the number of new events; a replay repeats the first answer."""

    status: int
    body: bytes
    version: int
    events: int = 0
    replayed: bool = False


class ConflictError(Exception):
    """The stream kept changing under the command: every attempt lost its race."""


class VersionMismatchError(Exception):
    """The caller's If-Match names another version than the stream has."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"the version is {actual}")
        self.actual = actual


class KeyReusedError(Exception):
    """The same idempotency key came with a different request."""
