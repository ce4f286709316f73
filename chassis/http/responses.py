"""Responses of commands: id and version in the body, the version also as ETag."""

from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from chassis.commands.result import Handled
from chassis.runtime import metrics

JSON = "application/json"
# The parts of "/v1/customers/…" up to the collection: empty, version, name.
COLLECTION_PARTS = 3


class Accepted(BaseModel):
    """The resource that a command changed, and its version after the command."""

    id: UUID
    version: int


# For routes whose path does not show that they may answer with these problems.
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "Not found"}}
GONE: dict[int | str, dict[str, Any]] = {410: {"description": "No longer available"}}
PUBLISHED: dict[int | str, dict[str, Any]] = {201: {"model": Accepted, "description": "Published for the first time"}}


def answer(handled: Handled, location: str) -> Response:
    """Build the response of a command; `location` is the address of the changed resource."""
    headers = {"ETag": etag(handled.version), "Location": location}
    if handled.replayed:
        headers["Idempotency-Replayed"] = "true"
    outcome = "replayed" if handled.replayed else "done" if handled.events else "unchanged"
    metrics.series(metrics.COMMANDS, collection(location), outcome).inc()
    return Response(handled.body, handled.status, headers, JSON)


def collection(location: str) -> str:
    """Return the part of an address before the id: API version and collection."""
    return "/".join(location.split("/")[:COLLECTION_PARTS])


def etag(version: int) -> str:
    return f'"{version}"'
