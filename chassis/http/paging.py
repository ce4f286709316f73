"""Pages and cursors: a cursor is opaque, signed, and bound to the filters of its list."""

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
    """One page. `next_cursor` is set if `has_more` is true."""

    items: list[T]
    next_cursor: str | None = None
    has_more: bool = False


def coerce_limit(limit: int | None) -> int:
    """Return the page size; a limit above MAX_LIMIT is reduced to it, as AIP-158 requires."""
    return max(1, min(limit or DEFAULT_LIMIT, MAX_LIMIT))


class Cursors:
    """Writes and reads cursors signed with the deployment's key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def write(self, sort_key: Sequence[str], filters: Mapping[str, Any]) -> str:
        body = json.dumps([list(sort_key), digest(filters)]).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("=")

    def read(self, cursor: str | None, filters: Mapping[str, Any]) -> list[str] | None:
        """Return the sort key in a cursor; raise the 400 problem if the cursor was not issued for these filters."""
        if cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(body)):
                raise invalid()
            sort_key, bound_to = json.loads(body)
        except (binascii.Error, ValueError) as error:
            raise invalid() from error
        if bound_to != digest(filters):
            raise invalid()
        return [str(part) for part in sort_key]

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def digest(filters: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(filters, sort_keys=True, default=str).encode()).hexdigest()[:16]


def invalid() -> ProblemError:
    return ProblemError(
        "invalid-cursor",
        "Invalid cursor. Start again without a cursor.",
        "游标无效，请不带游标重新开始。",
    )
