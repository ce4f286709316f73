"""The steps of a declared restore: read what the databases say, keep the erasures, begin new epochs, delete topics."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from aiokafka.errors import KafkaError

from deploy import erasures, refill
from deploy.restore.declaration import FACT_LOGS, declare, ensure_possible
from deploy.restore.observation import Applied, Store, applied, connected, connected_services, stores

ERASURES = Path("erasures.jsonl")


@dataclass(frozen=True, slots=True)
class Declared:
    """The outcome of a declaration: databases whose consumers were set back, and those whose read models to rebuild."""

    epochs: Mapping[str, UUID]
    topics_deleted: Sequence[str]
    set_back: Sequence[str]
    to_rebuild: Sequence[str]


async def read_status(urls: Mapping[str, str]) -> tuple[dict[str, Store], list[Applied]]:
    """Return the stores, and the positions of all consumers. Changes nothing."""
    async with connected(urls) as databases:
        found = {store.name: store for store in await stores(databases)}
        return found, await applied(databases, found)


def keep_erasures(bootstrap: str, file: Path) -> int | None:
    """Add the erasures on the customer topic to a file: the restored databases may contain that data again.

    Those already in the file stay: after an earlier restore, the topic may lack them. Return how many the file holds;
    None if the topic cannot be read.
    """
    try:
        found = asyncio.run(erasures.published(bootstrap))
    except KafkaError:
        return None
    earlier = erasures.read(file.read_text(encoding="utf-8").splitlines()) if file.exists() else []
    kept = list(dict.fromkeys([*earlier, *found]))
    file.write_text("".join(json.dumps(asdict(each)) + "\n" for each in kept), encoding="utf-8")
    return len(kept)


async def declare_restore(urls: Mapping[str, str], bootstrap: str, set_back: Sequence[str]) -> Declared:
    """Begin a new epoch of every store, and delete the topics. Raise RestoreRefusedError if that is not possible."""
    async with connected(urls) as databases:
        found = {store.name: store for store in await stores(databases)}
        positions = await applied(databases, found)
        ensure_possible(await connected_services(databases), found, positions, set_back)
        epochs = await declare(databases, found, positions)
    deleted = await refill.delete_topics(bootstrap)
    ahead = sorted({each.database for each in positions if each.fault})
    return Declared(epochs, deleted, ahead, [name for name in ahead if name not in FACT_LOGS])
