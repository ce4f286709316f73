"""Servers that already run and are named in the environment."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from deploy.stack import kafka, postgres
from deploy.stack.errors import CannotRun
from deploy.stack.ladder import NAMED_BY_ADDRESS, Premises, Rung, Say, Server

POSTGRES_VARIABLE = "CARE_POSTGRES_ADMIN_URL"
KAFKA_VARIABLE = "CARE_KAFKA_BOOTSTRAP"


def postgres_rungs() -> list[Rung]:
    return [Rung(NAMED_BY_ADDRESS, partial(_named, POSTGRES_VARIABLE), _postgres)]


def kafka_rungs() -> list[Rung]:
    return [Rung(NAMED_BY_ADDRESS, partial(_named, KAFKA_VARIABLE), _kafka)]


async def _named(variable: str, _: Say) -> bool:
    return bool(os.environ.get(variable))


@asynccontextmanager
async def _postgres(premises: Premises) -> AsyncIterator[Server]:
    del premises
    url = os.environ[POSTGRES_VARIABLE]
    if not await postgres.answers(url):
        place = urlsplit(url)
        raise CannotRun(f"No PostgreSQL answers at {place.hostname}:{place.port}, named in {POSTGRES_VARIABLE}.")
    yield Server(url, f"PostgreSQL {await postgres.version(url)} ({POSTGRES_VARIABLE})")


@asynccontextmanager
async def _kafka(premises: Premises) -> AsyncIterator[Server]:
    del premises
    bootstrap = os.environ[KAFKA_VARIABLE]
    if not await kafka.answers(bootstrap):
        raise CannotRun(f"No Kafka answers at {bootstrap}, named in {KAFKA_VARIABLE}.")
    yield Server(bootstrap, f"Kafka ({KAFKA_VARIABLE})")
