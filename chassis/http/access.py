"""Authorization: each route declares a policy; a service with a route without one does not start (P8)."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

import msgspec
from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from chassis.commands.command import Context
from chassis.commands.holders import Holders
from chassis.commands.problem import ProblemError
from chassis.http.auth import Authenticator, Principal, Role
from chassis.http.body import is_json
from chassis.http.parameters import require_one_line
from chassis.runtime.header_lines import read_headers
from chassis.runtime.tracing import current_traceparent

MAX_KEY = 255
HEADERS = {b"authorization": "authorization", b"idempotency-key": "idempotency-key", b"if-match": "if-match"}
ASCII = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
ENTITY_TAG = re.compile(r'^"(\d{1,9})"$')
WEAK_TAG = re.compile(r'^W/"[^"]*"$')
EVERYWHERE = frozenset({Role.OPS, Role.ADMIN, Role.INTEGRATION})
OWN = frozenset({Role.SALES, Role.SERVICE, Role.LEADER})


class PolicyMissingError(Exception):
    """A route has no policy."""


class Caller(NamedTuple):
    """The authenticated caller of one request, with the command context and the expected version from its headers.

    A route that changes something passes `expected_version` to its command, unless its policy refuses If-Match.
    """

    principal: Principal
    context: Context
    sees_all: bool
    expected_version: int | None

    @property
    def visible_to(self) -> str | None:
        """Return the employee whose own items a list is limited to; None for callers who see all."""
        return None if self.sees_all else self.principal.subject

    def may_act_for(self, holders: Holders) -> bool:
        return self.sees_all or holders.include(self.principal.subject)

    def require(self, holders: Holders) -> None:
        """Raise the 403 problem unless the caller sees all, or is one of the customer's `holders`."""
        if not self.may_act_for(holders):
            raise forbidden()


class Allow:
    """A route's policy: roles that may act on any customer, and roles that may act only on their own customers.

    Without `compares_versions`, the route refuses If-Match. Reading routes always refuse it.
    """

    def __init__(
        self, anywhere: Iterable[Role] = EVERYWHERE, own: Iterable[Role] = OWN, *, compares_versions: bool = True
    ) -> None:
        self.anywhere = frozenset(anywhere)
        self.own = frozenset(own)
        self._roles = self.anywhere | self.own
        self.compares_versions = compares_versions

    async def __call__(self, request: Request) -> Caller:
        authenticator: Authenticator = request.app.state.authenticator
        headers = read_headers(request.scope["headers"], HEADERS)
        principal = await authenticator.principal(headers.get("authorization"))
        if not principal.roles & self._roles:
            raise ProblemError("forbidden", "Your role is not allowed to do this.", "您的角色不能执行此操作。")
        if_match = headers.get("if-match")
        caller = Caller(
            principal=principal,
            context=await context_of(request, principal, headers.get("idempotency-key")),
            sees_all=bool(principal.roles & self.anywhere),
            expected_version=version_of(if_match),
        )
        if if_match is not None and not (self.compares_versions and request.method != "GET"):
            raise if_match_refused()
        return caller


OPS_OR_ADMIN = Allow((Role.OPS, Role.ADMIN), ())
OpsOrAdmin = Annotated[Caller, Depends(OPS_OR_ADMIN)]
# For routes that create something, or change nothing, and so have no version to compare.
Creator = Annotated[Caller, Depends(Allow(compares_versions=False))]
Previewer = Annotated[Caller, Depends(Allow((Role.OPS, Role.ADMIN), (), compares_versions=False))]


async def context_of(request: Request, principal: Principal, idempotency_key: str | None) -> Context:
    if idempotency_key is not None:
        require_one_key(request.headers.getlist("idempotency-key"))
    route = f"{request.method} {request.scope['path']}"
    return Context(
        key=f"{principal.subject}|{route}|{idempotency_key or uuid4()}",
        actor=principal.subject,
        correlation_id=request.state.correlation_id,
        now=datetime.now(UTC),
        request_hash=await hash_of(request) if idempotency_key else b"",
        retryable=idempotency_key is not None,
        expires=True,
        traceparent=current_traceparent(),
    )


async def hash_of(request: Request) -> bytes:
    """Return a hash of the body. Spacing, escapes and the order of fields do not change the hash of a JSON body.

    Numbers are compared as written: 1 and 1.0 differ. Of other bodies, such as files, all bytes count.
    """
    body = await request.body()
    if body and is_json(request.headers.get("content-type", "")):
        body = canonical(await request.json())
    return hashlib.sha256(body).digest()


def canonical(content: Any) -> bytes:
    """Return JSON with sorted fields and without spaces.

    msgspec takes a fraction of the time, and cannot encode a lone surrogate, which the fields refuse later.
    """
    try:
        return msgspec.json.encode(content, order="sorted")
    except UnicodeEncodeError:
        return ASCII.encode(content).encode()


def require_one_key(lines: Sequence[str]) -> None:
    """Raise the 400 problem unless the lines of Idempotency-Key are one valid key."""
    require_one_line(lines, "Idempotency-Key", "bad-request")
    if not is_valid_key(lines[0]):
        raise ProblemError(
            "bad-request",
            f"Idempotency-Key must have 1 to {MAX_KEY} printable ASCII characters.",
            f"Idempotency-Key 应为 1 至 {MAX_KEY} 个可打印的 ASCII 字符。",
        )


def is_valid_key(key: str) -> bool:
    return 0 < len(key) <= MAX_KEY and key.isprintable() and key.isascii()


def version_of(if_match: str | None) -> int | None:
    if if_match is None or if_match == "*":
        return None
    if WEAK_TAG.match(if_match.strip()):
        raise ProblemError(
            "version-mismatch",
            'If-Match does not match weak ETags such as W/"3". Send the ETag without W/.',
            'If-Match 不匹配弱 ETag，例如 W/"3"。请去掉 W/ 后再发送。',
        )
    found = ENTITY_TAG.match(if_match.strip())
    if found is None:
        raise ProblemError("bad-request", 'If-Match must be an ETag such as "3".', 'If-Match 应为 ETag，例如 "3"。')
    return int(found.group(1))


def if_match_refused() -> ProblemError:
    return ProblemError(
        "bad-request",
        "This route does not support If-Match. Send the request without it.",
        "此接口不支持 If-Match，请去掉该请求头后再发送。",
    )


def forbidden() -> ProblemError:
    return ProblemError("forbidden", "You have no access to this customer.", "您无权访问该客户。")


def check_policies(app: FastAPI) -> None:
    """Raise PolicyMissingError if a route has no policy."""
    # `app.routes` lists an included router as one entry; only the contexts include the routes inside it.
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and not any(
            isinstance(need.call, Allow) for need in route.dependant.dependencies
        ):
            raise PolicyMissingError(f"{sorted(route.methods or ())} {route.path} declares no policy")
