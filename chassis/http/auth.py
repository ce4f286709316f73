"""Authentication: verifies bearer tokens with the issuer's published keys."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx
import jwt
import structlog
from cachetools import LRUCache
from jwt import PyJWK, PyJWKSet, PyJWKSetError
from pydantic import TypeAdapter

from chassis.commands.problem import ProblemError
from chassis.runtime.settings import Settings
from contracts.types import EmployeeId

ALGORITHMS = ("RS256", "ES256", "EdDSA")
TOKEN_TYPES = frozenset({"JWT", "AT+JWT", "APPLICATION/AT+JWT"})
MAX_TOKEN_BYTES = 8 * 1024
LEEWAY_SECONDS = 5
MAX_TOKEN_LIFETIME_SECONDS = 86_400
FETCH_TIMEOUT_SECONDS = 3.0
FETCH_WINDOW_SECONDS = 30.0
MAX_FETCHES_IN_WINDOW = 3
SECONDS_BETWEEN_FIRST_FETCHES = 1.0
KEYS_FRESH_SECONDS = 600.0
KEYS_USABLE_SECONDS = 86_400.0
CACHED_TOKENS = 10_000


SUBJECT: TypeAdapter[str] = TypeAdapter(EmployeeId)


class Role(StrEnum):
    SALES = "sales"
    SERVICE = "service"
    FINANCE = "finance"
    LEADER = "leader"
    OPS = "ops"
    ADMIN = "admin"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, an employee or a system, with the roles in its token."""

    subject: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of verifying a token. It is valid while the issuer publishes `key`."""

    expires_at: float
    key: PyJWK
    principal: Principal


class Keys:
    """The issuer's keys: fetched when one is unknown or they are old. If fetching fails, used for a day.

    At most MAX_FETCHES_IN_WINDOW fetches start in a window. A key that the issuer removes is not found once the keys
    are old.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at: deque[float] = deque(maxlen=MAX_FETCHES_IN_WINDOW)
        self._fetches = 0
        self._lock = asyncio.Lock()

    def usable(self) -> bool:
        return bool(self._keys) and time.monotonic() - self._fetched_at < KEYS_USABLE_SECONDS

    async def find(self, key_id: str) -> PyJWK | None:
        fresh = time.monotonic() - self._fetched_at < KEYS_FRESH_SECONDS
        # While old keys are fetched, requests with a known key do not wait.
        if key_id not in self._keys or not (fresh or self._lock.locked()):
            await self.refresh()
        return self._keys.get(key_id) if self.usable() else None

    async def refresh(self) -> None:
        before = self._fetches
        async with self._lock:
            if self._fetches != before or not self._may_fetch():
                return
            self._fetches += 1
            self._tried_at.append(time.monotonic())
            try:
                self._keys = await fetch(self._url)
                self._fetched_at = time.monotonic()
            except (httpx.HTTPError, jwt.PyJWTError, ValueError) as error:
                structlog.get_logger().warning("auth.keys_unavailable", reason=type(error).__name__)

    def _may_fetch(self) -> bool:
        if not self._keys:
            return not self._tried_at or time.monotonic() - self._tried_at[-1] >= SECONDS_BETWEEN_FIRST_FETCHES
        is_full = len(self._tried_at) == MAX_FETCHES_IN_WINDOW
        return not is_full or time.monotonic() - self._tried_at[0] >= FETCH_WINDOW_SECONDS


async def fetch(url: str) -> dict[str, PyJWK]:
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        response = await client.get(url)
        response.raise_for_status()
    published = response.json()
    if not isinstance(published, dict):
        raise PyJWKSetError("the issuer's response is not a key set")
    if published.get("keys") == []:
        return {}
    # Keys of unsupported kinds are skipped.
    keys = PyJWKSet.from_dict(published).keys
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in {None, "sig"}}


class Authenticator:
    """Verifies Authorization headers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.keys = Keys(settings.jwks_url)
        self._verified: LRUCache[str, Verified] = LRUCache(CACHED_TOKENS)

    async def principal(self, header: str | None) -> Principal:
        """Return who calls. Raises the 401 problem unless the header has a valid token."""
        return (await self.verified(header)).principal

    async def verified(self, header: str | None) -> Verified:
        """Return who calls, and until when the token is valid. Raises the same problem."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_BYTES:
            raise unauthenticated()
        verified = self._verified.get(token)
        if verified is None or not await self._is_valid(verified):
            self._verified.pop(token, None)
            verified = self._verified[token] = await self._verify(token)
        return verified

    async def _is_valid(self, verified: Verified) -> bool:
        """Return whether the token has not expired and its key is still published."""
        return verified.expires_at >= time.time() and await self.keys.find(str(verified.key.key_id)) is verified.key

    async def _verify(self, token: str) -> Verified:
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
            require_short_lived(claims)
            return Verified(float(claims["exp"]), key, principal_of(claims))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise unauthenticated() from error

    async def _key(self, header: dict[str, Any]) -> PyJWK:
        """Return the published key that the token names. Keys inside the token are ignored."""
        if str(header.get("typ", "JWT")).upper() not in TOKEN_TYPES or header.get("alg") not in ALGORITHMS:
            raise unauthenticated()
        if header.get("crit"):
            raise unauthenticated()
        key = await self.keys.find(str(header.get("kid", "")))
        if key is None and not self.keys.usable():
            raise ProblemError(
                "unavailable", "The token issuer is unavailable.", "令牌签发方暂不可用。", headers={"Retry-After": "2"}
            )
        if key is None or key.algorithm_name != header.get("alg"):
            raise unauthenticated()
        return key


def require_short_lived(claims: dict[str, Any]) -> None:
    """Raise ValueError if the token is valid for too long. `iat` has been checked: it is not later than now."""
    if float(claims["exp"]) - float(claims["iat"]) > MAX_TOKEN_LIFETIME_SECONDS:
        raise ValueError("the token is valid for too long")


def principal_of(claims: dict[str, Any]) -> Principal:
    """Return the caller named by the claims. Raise ValueError for a subject that is not valid as an actor of events."""
    granted = claims.get("roles")
    roles = frozenset(role for role in Role if role in granted) if isinstance(granted, list) else frozenset()
    return Principal(SUBJECT.validate_python(claims["sub"]), roles)


def unauthenticated() -> ProblemError:
    return ProblemError(
        "unauthenticated",
        "Send a valid token as Authorization: Bearer …",
        "请在 Authorization: Bearer … 中提供有效令牌。",
        headers={"WWW-Authenticate": "Bearer"},
    )
