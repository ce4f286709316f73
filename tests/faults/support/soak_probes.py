"""What a process of the soak answers to a probe."""

import httpx

PROBE_SECONDS = 10.0


async def probe(url: str) -> httpx.Response | None:
    """Return the answer; None if there is none."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PROBE_SECONDS) as client:
            return await client.get(url)
    except httpx.HTTPError:
        return None


async def status_is(url: str, status: int) -> bool:
    answer = await probe(url)
    return answer is not None and answer.status_code == status


async def readiness_names(url: str, fault: str) -> bool:
    """Return whether the process at `url` is not ready, and names this fault."""
    answer = await probe(f"{url}/readyz")
    return answer is not None and answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and fault in answer.text
