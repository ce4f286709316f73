"""Runs Apache Kafka in KRaft mode as a child process, from its published jars."""

import asyncio
import base64
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.kafka.client import close_client
from deploy.stack import command, jars, ports
from deploy.stack.child import Child
from deploy.stack.errors import StackError
from deploy.stack.java import java
from deploy.stack.ports import HOST
from deploy.stack.providers import Provider, Say, Server, StartOptions

SETTINGS = jars.POM.with_name("server.properties")
LOGGING = jars.POM.with_name("log4j2.properties")
# Kafka reads its configuration as Latin-1, and a comma separates folders in it. So the paths in it and on the command
# line are relative to the folder of the broker, whose own path may contain any character.
CONFIGURATION = "server.properties"
DATA = Path("data")
# Without UTF-8, Java cannot open a folder whose path has Chinese characters.
LOCALE = {"LC_ALL": "C.UTF-8"}
# The C2 compiler uses much CPU after the start and pays off only for long runs, so it is off.
JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1")
REQUEST_MILLISECONDS = 5_000
ADDRESS = re.compile(r"(?P<host>[^\s:]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")


def providers() -> list[Provider]:
    return [Provider("maven", _offered, _start, keeps_data=True)]


async def answers(bootstrap: str) -> bool:
    """Return whether the broker, or one of several, is ready to create topics."""
    # The client logs an error for every refused connection, so the ports are checked first.
    if not await asyncio.to_thread(_any_port_answers, addresses(bootstrap)):
        return False
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MILLISECONDS)
    try:
        await client.start()
        return bool((await client.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        await close_client(client.close())


def addresses(bootstrap: str) -> list[tuple[str, int]]:
    """Return host and port of each broker in a list such as `one:9092,[::1]:9092`. Raise `StackError`."""
    found = [ADDRESS.fullmatch(each.strip()) for each in bootstrap.split(",")]
    parsed = [(match["host"].strip("[]"), int(match["port"])) for match in found if match]
    if len(parsed) < len(found):
        raise StackError(
            f"{bootstrap} is not the address of a Kafka: write host:port, several separated by commas.",
            f"{bootstrap} 不是 Kafka 的地址：应写作 主机:端口，多个地址用逗号分隔。",
        )
    return parsed


def _any_port_answers(places: Sequence[tuple[str, int]]) -> bool:
    return any(ports.answers(port, host) for host, port in places)


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
    (folder / CONFIGURATION).write_text(settings(options.port, controller_port, DATA), "utf-8")
    run = [str(program), *JVM, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{libraries}/*"]
    if not (folder / DATA / "meta.properties").exists():
        options.say("formatting Kafka's storage")
        await _format(run, folder)
    broker = _broker(options, [*run, "kafka.Kafka", CONFIGURATION], folder)
    await broker.start()
    try:
        yield Server(
            f"{HOST}:{options.port}", f"Apache Kafka {jars.kafka_version()} (KRaft, Maven)", children=(broker,)
        )
    finally:
        await broker.stop()


def _controller_port(port: int) -> int:
    return port + 1


async def _format(run: list[str], folder: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = [*run, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", CONFIGURATION]
    await command.run(tool, failing="Kafka could not format its storage", folder=folder, environment=LOCALE)


def _broker(options: StartOptions, run: list[str], folder: Path) -> Child:
    return Child(
        name="Kafka",
        command=run,
        log=options.data_dir / "logs" / "kafka.log",
        ready=partial(answers, f"{HOST}:{options.port}"),
        environment=LOCALE,
        folder=folder,
    )
