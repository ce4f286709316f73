"""What each part of the stack answers now."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import asyncpg
import httpx

from deploy.stack import kafka, postgres
from deploy.stack.databases import SERVICES
from deploy.stack.state import Phase, State, exists

TIMEOUT_SECONDS = 5.0
STOPPED = "stopped"
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """`running`: it has a process, or answers. `ready`: it can do its work; `detail` says what hinders it."""

    name: str
    address: str
    running: bool
    ready: bool
    detail: str
    since: datetime | None


async def observe(found: State) -> list[PartStatus]:
    """Return the status of all parts of a running stack."""
    given = found.environment
    answers = await asyncio.gather(
        _postgres(given["CARE_BI_READER_URL"]),
        _kafka(given["CARE_KAFKA_BOOTSTRAP"]),
        *(_http(path) for path in _probes(given).values()),
    )
    names = {
        "PostgreSQL": urlsplit(given["CARE_BI_READER_URL"]).netloc.rpartition("@")[2],
        "Kafka": given["CARE_KAFKA_BOOTSTRAP"],
        "issuer": given["CARE_ISSUER"],
        **{name: given[f"CARE_{name.upper()}_URL"] for name in SERVICES},
    }
    return [_status(found, name, names[name], answer) for name, answer in zip(names, answers, strict=True)]


def _probes(given: Mapping[str, str]) -> dict[str, str]:
    services = {name: f"{given[f'CARE_{name.upper()}_URL']}/readyz" for name in SERVICES}
    return {"issuer": f"{given['CARE_ISSUER']}/", **services}


# None if a part does not answer; otherwise whether it is ready, and what hinders it.
Answer = tuple[bool, str] | None


def _status(found: State, name: str, address: str, answer: Answer) -> PartStatus:
    part = found.parts.get(name)
    if found.phase == Phase.ONLY_SERVERS and answer is None and name not in {"PostgreSQL", "Kafka"}:
        return PartStatus(name, address, running=False, ready=False, detail=STOPPED, since=None)
    running = answer is not None or bool(part and part.pid and exists(part.pid))
    ready, detail = answer or (False, NO_ANSWER)
    return PartStatus(name, address, running, ready, detail, part.since if part and running else None)


async def _http(url: str) -> Answer:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            response = await client.get(url)
            report = response.json()
    except (httpx.TransportError, ValueError):
        return None
    if not isinstance(report, dict):
        # Another program has the port.
        return None
    tasks = {name: each["detail"] for name, each in report.get("tasks", {}).items() if not each["ready"]}
    detail = "; ".join(f"{name}: {text}".strip(": ") for name, text in {**report.get("faults", {}), **tasks}.items())
    return response.status_code == HTTPStatus.OK, detail


async def _postgres(url: str) -> Answer:
    try:
        return (True, "") if await postgres.answers(url) else None
    except asyncpg.PostgresError as error:
        return False, type(error).__name__


async def _kafka(bootstrap: str) -> Answer:
    return (True, "") if await kafka.answers(bootstrap) else None
