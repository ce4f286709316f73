"""Provides servers that already run, by the addresses in the environment."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from deploy.stack import kafka, postgres
from deploy.stack.errors import StackError
from deploy.stack.providers import NAMED_BY_ADDRESS, Provider, Say, Server, StartOptions

POSTGRES_VARIABLE = "CARE_POSTGRES_ADMIN_URL"
KAFKA_VARIABLE = "CARE_KAFKA_BOOTSTRAP"


def postgres_providers() -> list[Provider]:
    return [Provider(NAMED_BY_ADDRESS, _postgres_named, _postgres)]


def kafka_providers(own: str) -> list[Provider]:
    """`own` is the address that our own broker would have. `care env` exports it, also for the next start."""
    return [Provider(NAMED_BY_ADDRESS, partial(_kafka_named, own), _kafka)]


async def _postgres_named(_: Say) -> bool:
    return bool(os.environ.get(POSTGRES_VARIABLE))


async def _kafka_named(own: str, _: Say) -> bool:
    address = os.environ.get(KAFKA_VARIABLE)
    return bool(address) and (address != own or await kafka.answers(own))


@asynccontextmanager
async def _postgres(options: StartOptions) -> AsyncIterator[Server]:
    del options
    url = os.environ[POSTGRES_VARIABLE]
    if not await postgres.answers(url):
        address = urlsplit(url)
        place = f"{address.hostname}:{address.port or 5432}"
        raise StackError(
            f"No PostgreSQL answers at {place}, the address in {POSTGRES_VARIABLE}.",
            f"{POSTGRES_VARIABLE} 中的地址 {place} 没有 PostgreSQL 响应。",
        )
    yield Server(url, f"PostgreSQL {await postgres.version(url)} ({POSTGRES_VARIABLE})")


@asynccontextmanager
async def _kafka(options: StartOptions) -> AsyncIterator[Server]:
    del options
    bootstrap = os.environ[KAFKA_VARIABLE]
    if not await kafka.answers(bootstrap):
        raise StackError(
            f"No Kafka answers at {bootstrap}, the address in {KAFKA_VARIABLE}.",
            f"{KAFKA_VARIABLE} 中的地址 {bootstrap} 没有 Kafka 响应。",
        )
    yield Server(bootstrap, f"Kafka ({KAFKA_VARIABLE})")
