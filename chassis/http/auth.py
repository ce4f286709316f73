"""Authentication: verifies bearer tokens with the issuer's published keys."""

import asyncio
import time
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
FETCH_TIMEOUT_SECONDS = 3.0
MIN_SECONDS_BETWEEN_FETCHES = 30.0
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


class Keys:
    """The issuer's keys: fetched when unknown or old, at most every 30 s. If fetching fails, used for a day."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    def usable(self) -> bool:
        return bool(self._keys) and time.monotonic() - self._fetched_at < KEYS_USABLE_SECONDS

    async def find(self, key_id: str) -> PyJWK | None:
        fresh = time.monotonic() - self._fetched_at < KEYS_FRESH_SECONDS
        if key_id not in self._keys or not fresh:
            await self.refresh()
        return self._keys.get(key_id) if self.usable() else None

    async def refresh(self) -> None:
        async with self._lock:
            pause = MIN_SECONDS_BETWEEN_FETCHES if self._keys else 1.0
            if time.monotonic() - self._tried_at < pause:
                return
            self._tried_at = time.monotonic()
            try:
                self._keys = await fetch(self._url)
                self._fetched_at = time.monotonic()
            except (httpx.HTTPError, jwt.PyJWTError, ValueError) as error:
                structlog.get_logger().warning("auth.keys_unavailable", reason=type(error).__name__)


async def fetch(url: str) -> dict[str, PyJWK]:
    async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        response = await client.get(url)
        response.raise_for_status()
    published = response.json()
    if not isinstance(published, dict):
        raise PyJWKSetError("the issuer's response is not a key set")
    # Keys of unsupported kinds are skipped.
    keys = PyJWKSet.from_dict(published).keys
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in {None, "sig"}}


class Authenticator:
    """Verifies Authorization headers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.keys = Keys(settings.jwks_url)
        self._verified: LRUCache[str, tuple[float, Principal]] = LRUCache(CACHED_TOKENS)

    async def principal(self, header: str | None) -> Principal:
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_BYTES:
            raise unauthenticated()
        expires_at, principal = self._verified.get(token, (0.0, None))
        if principal is None or expires_at < time.time():
            expires_at, principal = await self._verify(token)
            self._verified[token] = (expires_at, principal)
        return principal

    async def _verify(self, token: str) -> tuple[float, Principal]:
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
            return float(claims["exp"]), principal_of(claims)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
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
