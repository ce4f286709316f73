"""Runs a service: its API, relay, consumers and timers as supervised tasks of one process, or one role alone."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from uuid import UUID

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError

from chassis.consume.applier import Applier
from chassis.consume.parked_events import ParkedEvents
from chassis.consume.parked_watch import ParkedWatch
from chassis.consume.rebuild import ReadModel
from chassis.consume.verification import StoreVerification
from chassis.http.auth import Authenticator
from chassis.http.connection import Connection
from chassis.http.paging import Cursors
from chassis.http.probes import Check
from chassis.postgres.database import UNAVAILABLE, Pool, Timeline, open_pool
from chassis.runtime import telemetry
from chassis.runtime.loop_watch import watch
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.store.event_store import EventStore
from contracts.topics import Topic

HEADER_LIMIT_BYTES = 16 * 1024
KEEP_ALIVE_SECONDS = 30
GRACE_SECONDS = 10
# Each connection is an open file. Many systems have a soft limit of 1,024 per process.
MAX_OPEN_FILES = 16 * 1024
# The kernel closes a connection whose client has read nothing for this long, also after the response was written.
UNREAD_SECONDS = 40
# What the kernel buffers of the responses on one connection. By default, it takes several megabytes.
SEND_BUFFER_BYTES = 128 * 1024
GARBAGE_THRESHOLDS = (20_000, 20, 50)
LOOP = "loop"
CONSUMER = "consumer"
VERIFICATION = "verification"
PARKED = "parked-events"


@dataclass(frozen=True, slots=True)
class Task:
    """A background task that runs until it is cancelled. `role` is the command-line role that starts it."""

    role: str
    name: str
    run: Callable[[], Awaitable[None]]


class ParkingConsumer(Protocol):
    """A consumer that parks events which it cannot apply."""

    name: str
    parked_events: ParkedEvents

    async def replay(self, subject: UUID) -> int:
        """Apply a customer's parked events again; return how many were applied."""
        ...


@dataclass(slots=True)
class Service:
    """A built service: its application, tasks, consumers that can park events, read models, and the store's check.

    `on_stop` are called upon SIGTERM: they end responses that would not end by themselves.
    """

    name: str
    app: FastAPI
    tasks: Sequence[Task] = ()
    appliers: Sequence[ParkingConsumer] = field(default=())
    models: Sequence[ReadModel] = field(default=())
    verification: StoreVerification | None = None
    on_stop: Sequence[Callable[[], None]] = ()


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """The resources of one process, from which every service is built."""

    settings: Settings
    pool: Pool
    supervisor: Supervisor
    authenticator: Authenticator
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def cursors(self) -> Cursors:
        return Cursors(self.settings.pseudonym_key.get_secret_value())

    def verification(self, store: EventStore, topic: Topic, feeds: Sequence[Topic]) -> StoreVerification:
        """Return the check of a store that is published to `topic`, in a service that consumes `feeds`."""
        return StoreVerification(
            store,
            self.pool,
            topic,
            feeds,
            bootstrap=self.settings.kafka_bootstrap,
            health=self.supervisor.health(VERIFICATION),
            kafka_away=self.settings.kafka_away_at_start,
        )

    def checks(self, store: EventStore) -> dict[str, Check]:
        """Return the conditions under which a service with this store can acknowledge commands."""
        return {
            "database": self.database_fault,
            "store": store.fault,
            "clock": store.clock_fault,
            "issuer": self.issuer_fault,
        }

    async def database_fault(self) -> str | None:
        """Return None if the database answers, else a sentence for /readyz."""
        try:
            await self.pool.fetchval("SELECT 1", timeout=1)
        except UNAVAILABLE as error:
            return f"the database does not answer: {type(error).__name__}"
        return None

    async def issuer_fault(self) -> str | None:
        if not self.authenticator.keys.usable():
            await self.authenticator.keys.refresh()
        return None if self.authenticator.keys.usable() else "the token issuer's keys cannot be fetched"


Build = Callable[[ServiceContext], Service]
ALL = "all"


async def open_context(name: str, settings: Settings) -> ServiceContext:
    url, timeline = settings.database_url.get_secret_value(), Timeline()
    pool = await open_pool(url, size=settings.pool_size, application_name=name, timeline=timeline)
    return ServiceContext(settings, pool, Supervisor(), Authenticator(settings), timeline)


def run(name: str, build: Build, role: str) -> None:
    """Run until SIGTERM or SIGINT, then drain. Exit with an error if the database timeline changes (ADR 0020)."""
    allow_open_files()
    uvloop.run(serve(name, build, role))


def allow_open_files() -> None:
    """Raise this process's limit of open files to MAX_OPEN_FILES, or to the hard limit if that is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def read_settings() -> Settings:
    """Read the CARE_… variables. Exit with a message that names each missing or invalid variable."""
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"CARE_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors())
        raise SystemExit(f"Invalid environment variables. {'; '.join(faults)}") from None


async def serve(name: str, build: Build, role: str) -> None:
    settings = read_settings()
    telemetry.set_up(name, settings)
    context = await open_context(f"care-{name}", settings)
    service = build(context)
    for task in service.tasks:
        if role in {ALL, task.role}:
            context.supervisor.add(task.name, verified_first(service, task))
    if service.verification:
        service.verification.begin()
        context.supervisor.add(VERIFICATION, service.verification.run)
    context.supervisor.add(LOOP, partial(watch, context.supervisor.health(LOOP)))
    if service.appliers:
        context.supervisor.add(PARKED, parked_watch(context, service.appliers).run)
    context.supervisor.start()
    collect_less_often()
    structlog.get_logger().info("service.started", role=role, port=settings.port)
    server = Server(server_config(service.app, settings), service.on_stop)
    timeline_watch = asyncio.create_task(server.stop_upon(context.timeline.left))
    try:
        await server.serve([listener(server.config)])
    finally:
        timeline_watch.cancel()
        await context.supervisor.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await context.pool.close()
        structlog.get_logger().info("service.stopped")
    if context.timeline.left.is_set():
        raise SystemExit("The database is on another timeline. Restart this process.")


def verified_first(service: Service, task: Task) -> Callable[[], Awaitable[None]]:
    """Return how to run a task: a consumer starts once the store is verified."""
    if service.verification and task.role == CONSUMER:
        return partial(service.verification.consume, task.run)
    return task.run


def parked_watch(context: ServiceContext, consumers: Sequence[ParkingConsumer]) -> ParkedWatch:
    appliers = [each for each in consumers if isinstance(each, Applier)]
    return ParkedWatch(context.pool, [each.name for each in consumers], appliers, context.supervisor.health(PARKED))


def collect_less_often() -> None:
    """Exclude the objects created at start-up from garbage collection, and raise the thresholds.

    With the default thresholds, collection took a tenth of the time of a command.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=Connection,
        h11_max_incomplete_event_size=HEADER_LIMIT_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        access_log=False,
        server_header=False,
        lifespan="off",
        log_level="warning",
    )


def listener(config: uvicorn.Config) -> socket.socket:
    """Open the port. Linux closes connections whose clients read nothing for UNREAD_SECONDS; other systems do not.

    The connections inherit the options.
    """
    opened = config.bind_socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
    return opened


class Server(uvicorn.Server):
    """uvicorn that keeps the process alive after a signal, so that the tasks can be drained."""

    def __init__(self, config: uvicorn.Config, on_stop: Sequence[Callable[[], None]] = ()) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    async def stop_upon(self, event: asyncio.Event) -> None:
        await event.wait()
        structlog.get_logger().error("database.other_timeline")
        self._stop()

    def _stop(self) -> None:
        self.should_exit = True
        for end in self._on_stop:
            end()
