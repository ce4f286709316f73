"""Sends requests and retries those that a busy service rejects."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import httpx

MOST_TIMES_PUT_OFF = 5


async def patiently(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Return the first response that is not a 503: on a busy machine a database can stall for a moment."""
    response = await ask()
    for _ in range(MOST_TIMES_PUT_OFF):
        if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
            break
        await asyncio.sleep(float(response.headers["retry-after"]))
        response = await ask()
    return response
