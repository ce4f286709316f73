"""Lists in pages: an opaque cursor that is bound to its filters and cannot be forged."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from chassis.commands.problem import ProblemError

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
SIGNATURE_BYTES = 16

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page. `next_cursor` is there while `has_more` is true."""

    items: list[T]
    next_cursor: str | None = None
    has_more: bool = False


def coerce_limit(limit: int | None) -> int:
    """A size above the maximum is brought down, as AIP-158 asks."""
    return max(1, min(limit or DEFAULT_LIMIT, MAX_LIMIT))


class Cursors:
    """Writes and reads cursors under the deployment's key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def write(self, place: Sequence[str], filters: Mapping[str, Any]) -> str:
        body = json.dumps([list(place), digest(filters)]).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("=")

    def read(self, cursor: str | None, filters: Mapping[str, Any]) -> list[str] | None:
        """Return the place a cursor stands for; raise the 400 problem if it was not given for these filters."""
        if cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(body)):
                raise invalid()
            place, bound_to = json.loads(body)
        except (binascii.Error, ValueError) as error:
            raise invalid() from error
        if bound_to != digest(filters):
            raise invalid()
        return [str(part) for part in place]

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def digest(filters: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(filters, sort_keys=True, default=str).encode()).hexdigest()[:16]


def invalid() -> ProblemError:
    return ProblemError("invalid-cursor", "Start again without a cursor.", "请不带游标重新开始。")
