"""Provides servers that already run, by the addresses in the environment."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.stack import kafka, postgres, state
from deploy.stack.errors import StackError
from deploy.stack.providers import NAMED_BY_ADDRESS, Provider, Say, Server, StartOptions

POSTGRES_VARIABLE = "CARE_POSTGRES_ADMIN_URL"
KAFKA_VARIABLE = "CARE_KAFKA_BOOTSTRAP"


def postgres_providers() -> list[Provider]:
    return [Provider(NAMED_BY_ADDRESS, _postgres_named, _postgres)]


def kafka_providers(data_dir: Path, own: str) -> list[Provider]:
    """`own` is the address that our own broker would have. `care env` exports it, also for the next start."""
    return [Provider(NAMED_BY_ADDRESS, partial(_kafka_named, data_dir, own), _kafka)]


async def _postgres_named(_: Say) -> bool:
    return bool(os.environ.get(POSTGRES_VARIABLE))


async def _kafka_named(data_dir: Path, own: str, say: Say) -> bool:
    address = os.environ.get(KAFKA_VARIABLE)
    for folder in state.others(data_dir):
        # Two stacks on one Kafka would write to the same topics.
        if address and address == _kafka_of(folder):
            say(f"{KAFKA_VARIABLE} is ignored: {address} is the Kafka of the stack of {folder}")
            return False
    return bool(address) and (address != own or await kafka.answers(own))


def _kafka_of(folder: Path) -> str | None:
    found = state.current(folder)
    return found.environment.get(KAFKA_VARIABLE) if found else None


@asynccontextmanager
async def _postgres(options: StartOptions) -> AsyncIterator[Server]:
    del options
    url = os.environ[POSTGRES_VARIABLE]
    address = urlsplit(url)
    place = f"{address.hostname}:{address.port or 5432}"
    try:
        answers = await postgres.answers(url)
    except asyncpg.PostgresError as error:
        raise StackError(
            f"PostgreSQL at {place} refuses the address in {POSTGRES_VARIABLE}: {error}",
            f"{place} 的 PostgreSQL 拒绝了 {POSTGRES_VARIABLE} 中的地址：{error}",
        ) from error
    if not answers:
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
