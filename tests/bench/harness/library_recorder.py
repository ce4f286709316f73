"""For comparison: the library's own PostgreSQL recorder, as shipped, with threads.

Run as a program: DATABASE_URL WRITERS SECONDS. Prints {"events_per_second": …}.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment

STATE = b"x" * 400
EVENTS_PER_STREAM = 20


def recorder(url: str) -> ApplicationRecorder:
    """Make the recorder with every setting as the library has it, but for the address."""
    place = urlsplit(url)
    settings = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": place.path.removeprefix("/"),
        "POSTGRES_HOST": place.hostname or "",
        "POSTGRES_PORT": str(place.port),
        "POSTGRES_USER": place.username or "",
        "POSTGRES_PASSWORD": place.password or "",
    }
    factory = InfrastructureFactory.construct(Environment("bench", settings))
    return factory.application_recorder()


def write(into: ApplicationRecorder, until: float) -> int:
    written = 0
    stream_id: UUID = uuid4()
    while time.monotonic() < until:
        version = written % EVENTS_PER_STREAM + 1
        if version == 1:
            stream_id = uuid4()
        into.insert_events([StoredEvent(stream_id, version, "care.customer.profile-changed.v1", STATE)])
        written += 1
    return written


def main(url: str, writers: int, seconds: float) -> None:
    into = recorder(url)
    with ThreadPoolExecutor(writers) as threads:
        # Each thread has had its first turn, and the pool its connections, before the clock starts.
        list(threads.map(lambda _: write(into, time.monotonic() + 0.2), range(writers)))
        started_at = time.monotonic()
        written = sum(threads.map(lambda _: write(into, started_at + seconds), range(writers)))
        took = time.monotonic() - started_at
    sys.stdout.write(json.dumps({"events_per_second": written / took}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
