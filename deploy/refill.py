"""Deletes the topics that the product writes, so that the services fill them again from their stores.

Run `python -m deploy.refill` with CARE_KAFKA_BOOTSTRAP while the services are stopped, and start them then. The inbound
topic is never deleted, because only other systems could fill it again.
"""

import asyncio
import os

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError, for_code
from rich.console import Console

from contracts.topics import ERASURE_ANSWERS, TOPICS, WATERMARKS

OWN_TOPICS = tuple(topic.name for topic in (*TOPICS, *WATERMARKS, *ERASURE_ANSWERS))
DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.2


async def delete_topics(bootstrap: str) -> list[str]:
    """Delete the topics that the product writes; return their names once they are gone. Raises a KafkaError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        found = sorted(set(OWN_TOPICS) & set(await admin.list_topics()))
        response = await admin.delete_topics(found) if found else None
        for name, code, *_ in response.topic_error_codes if response else ():
            if code not in (0, UnknownTopicOrPartitionError.errno):
                raise for_code(code)(name)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while set(found) & set(await admin.list_topics()):  # noqa: ASYNC110 - Kafka reports no event
                await asyncio.sleep(POLL_SECONDS)
        return found
    finally:
        await admin.close()


def main() -> None:
    console = Console()
    deleted = asyncio.run(delete_topics(os.environ["CARE_KAFKA_BOOTSTRAP"]))
    for name in deleted:
        console.print(f"deleted {name}")
    console.print("Start the services: they fill the topics again. 请启动各服务：它们会重新填充这些主题。")


if __name__ == "__main__":
    main()
