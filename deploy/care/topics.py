"""Reads a topic of the running stack, and empties the topics so that the services fill them again."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka.client import FETCH_MS, Bounds, close_client, reading
from deploy import refill as topics
from deploy.care import access, output
from deploy.care.options import DataDir, Json, Spoken
from deploy.stack.errors import StackError
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.state import Phase
from deploy.stack.text import Language, Text

OURS = "care."


def listen(
    topic: Annotated[str, typer.Argument(help="For example care.alert.events.v1")],
    from_start: Annotated[bool, typer.Option("--from-start", help="Also print the records that are there.")] = False,
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop at the present end of the topic.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after this number of records.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    _language: Spoken = Language.EN,
) -> None:
    """Print the records of a topic as JSON, one per line, until Ctrl-C."""
    bootstrap = access.running(data_dir).environment["CARE_KAFKA_BOOTSTRAP"]
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    known = asyncio.run(_partitions(bootstrap))
    if topic not in known:
        raise typer.BadParameter(f"{topic} is not one of {', '.join(sorted(known))}")
    reader = _print_records(bootstrap, topic, known[topic], count, from_start=from_start, until_end=until_end)
    try:
        asyncio.run(reader)
    except KeyboardInterrupt:
        output.say(Text("stopped", "已停止"))


def refill(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False, _language: Spoken = Language.EN) -> None:
    """Delete the topics that the product writes. The services must be stopped; they fill them again at their start."""
    found = access.running(data_dir)
    if found.phase != Phase.ONLY_SERVERS:
        raise StackError(
            "Stop the services first: ./care start --only-servers", "请先停止各服务：./care start --only-servers"
        )
    deleted = asyncio.run(topics.delete_topics(found.environment["CARE_KAFKA_BOOTSTRAP"]))
    output.show({"deleted": deleted}, "\n".join(deleted), as_json=as_json)
    output.say(Text("Start the services, which fill them again: ./care start", "启动各服务即可重新填充：./care start"))


async def _partitions(bootstrap: str) -> dict[str, list[int]]:
    """Return the partitions of each topic of ours."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        names = [name for name in await admin.list_topics() if name.startswith(OURS)]
        described = await admin.describe_topics(names)
        return {entry["topic"]: [each["partition"] for each in entry["partitions"]] for entry in described}
    finally:
        await close_client(admin.close())


async def _print_records(
    bootstrap: str, topic: str, partitions: list[int], count: int | None, *, from_start: bool, until_end: bool
) -> None:
    async with reading(bootstrap, topic, partitions) as (consumer, bounds):
        for place, (first, end) in bounds.items():
            consumer.seek(place, first if from_start else end)
        output.say(Text(f"listening to {topic}", f"正在监听 {topic}"))
        printed = 0
        async for record in _records(consumer, bounds, until_end=until_end):
            output.write(json.dumps(_document(record), ensure_ascii=False))
            printed += 1
            if printed == count:
                return


async def _records(
    consumer: AIOKafkaConsumer, bounds: Bounds, *, until_end: bool
) -> AsyncIterator[ConsumerRecord[Any, Any]]:
    """Yield records in the order in which they arrive."""
    while True:
        for records in (await consumer.getmany(timeout_ms=FETCH_MS)).values():
            for record in records:
                yield record
        positions = [(await consumer.position(place), end) for place, (_, end) in bounds.items()]
        if until_end and all(position >= end for position, end in positions):
            return


def _document(record: ConsumerRecord[Any, Any]) -> dict[str, Any]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key.decode(errors="replace") if record.key is not None else None,
        "value": _value(record.value),
    }


def _value(value: bytes | None) -> Any:
    """Return the JSON document, or the text if it is none; None for a deleted key."""
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return value.decode(errors="replace")
