"""Runs Apache Kafka in KRaft mode as a child process, from its published jars."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.kafka.client import close_client
from deploy.stack import command, jars, ports
from deploy.stack.child import Child
from deploy.stack.java import java
from deploy.stack.ports import HOST
from deploy.stack.providers import Provider, Say, Server, StartOptions

SETTINGS = jars.POM.with_name("server.properties")
LOGGING = jars.POM.with_name("log4j2.properties")
# The C2 compiler uses much CPU after the start and pays off only for long runs, so it is off.
JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1")
REQUEST_MILLISECONDS = 5_000


def providers() -> list[Provider]:
    return [Provider("maven", _offered, _start, keeps_data=True)]


async def answers(bootstrap: str) -> bool:
    """Return whether the broker is ready to create topics."""
    port = int(bootstrap.rsplit(":", 1)[1])
    # The client logs an error for every refused connection, so the port is checked first.
    if not await asyncio.to_thread(ports.answers, port):
        return False
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MILLISECONDS)
    try:
        await client.start()
        return bool((await client.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        await close_client(client.close())


def settings(port: int, controller_port: int, data: Path) -> str:
    """Return the broker's configuration file."""
    text = SETTINGS.read_text()
    return text.format(host=HOST, port=port, controller_port=controller_port, data=data)


async def _offered(_: Say) -> bool:
    return jars.offered()


@asynccontextmanager
async def _start(options: StartOptions) -> AsyncIterator[Server]:
    controller_port = _controller_port(options.port)
    ports.require_free(options.port, "Kafka")
    ports.require_free(controller_port, "Kafka's controller")
    program = await java(options.say)
    libraries = await jars.kafka_jars(program, options.say)
    folder = options.data_dir.absolute() / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "server.properties"
    configuration.write_text(settings(options.port, controller_port, folder / "data"))
    run = [str(program), *JVM, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{libraries}/*"]
    if not (folder / "data" / "meta.properties").exists():
        options.say("formatting Kafka's storage")
        await _format(run, configuration)
    broker = _broker(options, [*run, "kafka.Kafka", str(configuration)], folder)
    await broker.start()
    try:
        yield Server(
            f"{HOST}:{options.port}", f"Apache Kafka {jars.kafka_version()} (KRaft, Maven)", children=(broker,)
        )
    finally:
        await broker.stop()


def _controller_port(port: int) -> int:
    return port + 1


async def _format(run: list[str], configuration: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = [*run, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(configuration)]
    await command.run(tool, failing="Kafka could not format its storage")


def _broker(options: StartOptions, run: list[str], folder: Path) -> Child:
    return Child(
        name="Kafka",
        command=run,
        log=options.data_dir / "logs" / "kafka.log",
        ready=partial(answers, f"{HOST}:{options.port}"),
        folder=folder,
    )
