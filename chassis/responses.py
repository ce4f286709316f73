"""What a command is answered with: id and version in the body, the version again as ETag."""

from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from chassis import metrics
from chassis.command_handler import Handled

JSON = "application/json"


class Accepted(BaseModel):
    """The thing a command was about, and its version after it."""

    id: UUID
    version: int


def answer(handled: Handled, location: str) -> Response:
    """Build the response of a command; `location` is where its result is read."""
    headers = {"ETag": etag(handled.version), "Location": location}
    if handled.replayed:
        headers["Idempotency-Replayed"] = "true"
    outcome = "replayed" if handled.replayed else "done" if handled.events else "unchanged"
    metrics.COMMANDS.labels(location.rpartition("/")[0], outcome).inc()
    return Response(handled.body, handled.status, headers, JSON)


def etag(version: int) -> str:
    return f'"{version}"'
