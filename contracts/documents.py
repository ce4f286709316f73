"""Write what the contracts say for readers without Python: JSON Schemas, AsyncAPI, the page of topics.

`python -m contracts.documents` writes the files; with `--check` it only names the stale ones and fails.
"""

import argparse
import json
import sys
from pathlib import Path

from contracts import asyncapi, asyncapi_erasure
from contracts.asyncapi import READERS, PlainSchema, key_of
from contracts.asyncapi_inbound import GROUP, example, summary_of
from contracts.cloudevents import Json, example_headers, payload, schema_id, type_of
from contracts.erasure_answers import ErasureConfirmed, headers_of
from contracts.event import Event
from contracts.examples import EXAMPLES
from contracts.inbound import INBOUND, AnyInbound
from contracts.topics import CUSTOMER_INBOUND, ERASURE_ANSWERS, EVENT_TYPES, KEEP_FOR_EVER, TOPICS, Topic

ROOT = Path(__file__).parents[1]
SCHEMAS = "contracts/generated/schemas"
ASYNCAPI = "contracts/generated/asyncapi.json"
TOPICS_PAGE = "docs/topics.md"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MILLISECONDS_PER_DAY = 86_400_000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    if not parser.parse_args(arguments).check:
        write(ROOT)
        return 0
    outdated = stale(ROOT)
    for path in outdated:
        sys.stderr.write(f"stale: {path} (run python -m contracts.documents)\n")
    return 1 if outdated else 0


def documents() -> dict[str, str]:
    """Return every generated file: its path from the root of the project, and its text."""
    schemas = {f"{SCHEMAS}/{name}.json": _json(schema(event)) for name, event in EVENT_TYPES.items()}
    inbound = {f"{SCHEMAS}/{name}.json": _json(inbound_schema(message)) for name, message in INBOUND.items()}
    answers = {f"{SCHEMAS}/{ErasureConfirmed.TYPE}.json": _json(erasure_answer_schema())}
    return schemas | inbound | answers | {ASYNCAPI: _json(asyncapi.document()), TOPICS_PAGE: topics_page()}


def stale(root: Path) -> list[str]:
    """Return the paths that are missing, differ, or describe an event that is no more."""
    expected = documents()
    differing = [path for path, text in expected.items() if _read(root / path) != text]
    return sorted(differing + _leftovers(root, expected))


def write(root: Path) -> None:
    expected = documents()
    for path in _leftovers(root, expected):
        (root / path).unlink()
    for path, text in expected.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def schema(event: type[Event]) -> Json:
    """Return the JSON Schema of an event's value, open to fields that are not known yet."""
    return {
        "$schema": DIALECT,
        "$id": schema_id(type_of(event)),
        **event.model_json_schema(schema_generator=PlainSchema),
        "examples": [payload(EXAMPLES[event])],
    }


def inbound_schema(message: type[AnyInbound]) -> Json:
    """Return the JSON Schema of what another system tells; closed, so that a misspelt field is refused."""
    described = message.model_json_schema(schema_generator=PlainSchema)
    return {"$schema": DIALECT, "$id": schema_id(message.TYPE), **described, "examples": [example(message)]}


def erasure_answer_schema() -> Json:
    """Return the JSON Schema of an answer to an erasure, open to fields that are not known yet."""
    described = ErasureConfirmed.model_json_schema(schema_generator=PlainSchema)
    examples = [asyncapi_erasure.payload(topic) for topic in ERASURE_ANSWERS]
    return {"$schema": DIALECT, "$id": schema_id(ErasureConfirmed.TYPE), **described, "examples": examples}


def topics_page() -> str:
    """Return the page that tells readers of Kafka what each topic promises."""
    sections = [*map(_topic_section, TOPICS), _inbound_section(), *map(_erasure_answer_section, ERASURE_ANSWERS)]
    return PAGE_HEAD + "".join(sections)


PAGE_HEAD = f"""\
# Topics

<!-- Made by `python -m contracts.documents`. Change contracts/ and run it again. -->

Records are CloudEvents 1.0 in binary mode: the value is the event as JSON, the attributes are `ce_*` headers.
The [AsyncAPI document](../{ASYNCAPI}) says the same for machines; the schemas are in
[{SCHEMAS}](../{SCHEMAS}).

- **Delivery** is at least once. `ce_position` rises on each partition: skip what is not above the last one
  you applied.
- **Gaps** show: `ce_prevposition` is the position published before on this partition, 0 for the first.
- **Compatibility**: fields are only added, with a default; anything else is a new type. Ignore types and
  fields you do not know.
- **Partition**: murmur2 of the key, as Kafka's own producers do. The number of partitions does not change.
- **Replay**: read from the earliest offset; a lost topic is filled again from its owner's store.
- **Watermarks** (`{asyncapi.WATERMARK}`) carry no key and change no state: nothing recorded before their
  `complete_until` is missing on their partition.
- **Retirement**: a type is announced as deprecated here before its owner stops sending it.
"""


def _topic_section(topic: Topic) -> str:
    readers = [f"`care-{service}`" for service, topics in READERS.items() if topic in topics]
    example = EXAMPLES[topic.events[0]]
    return f"""
## {topic.name}

{topic.meaning}

| | |
|---|---|
| Owner and only writer | {topic.owner} |
| Reader groups | {", ".join(readers) or "none of ours; open to subscribers"} |
| Key | {key_of(topic)["description"]} |
| Order | {_order(topic)} |
| Partitions | {topic.partitions} |
| Retention | {_retention(topic)} |
| Personal data | none; references only |

Event types:

{_event_list(topic)}

Example headers, then the value:

```json
{_json(example_headers(topic, example))}```

```json
{_json(payload(example))}```
"""


def _inbound_section() -> str:
    kinds = "\n".join(f"- [`{name}`](../{SCHEMAS}/{name}.json): {summary_of(kind)}" for name, kind in INBOUND.items())
    return f"""
## {CUSTOMER_INBOUND.name}

{CUSTOMER_INBOUND.meaning} [How to write to it](inbound.md).

| | |
|---|---|
| Writers | {CUSTOMER_INBOUND.owner} |
| Reader group | `{GROUP}` |
| Key | The customer's number, so that what is told of a customer keeps its order. |
| Partitions | {CUSTOMER_INBOUND.partitions}, where the customer service makes the topic; any number does |
| Retention | {_retention(CUSTOMER_INBOUND)}, where the customer service makes the topic |
| Personal data | names of companies |

Message types:

{kinds}
"""


def _erasure_answer_section(topic: Topic) -> str:
    return f"""
## {topic.name}

{topic.meaning} See [ADR 0022](adr/0022-every-service-answers-to-an-erasure.md).

| | |
|---|---|
| Owner and only writer | {topic.owner} |
| Reader group | `{asyncapi_erasure.GROUP}` |
| Key | The customer id as text. |
| Delivery | at least once, without positions and watermarks: `ce_id` tells what came before |
| Partitions | {topic.partitions} |
| Retention | {_retention(topic)} |
| Personal data | none; references only |

Message type: [`{ErasureConfirmed.TYPE}`](../{SCHEMAS}/{ErasureConfirmed.TYPE}.json): {asyncapi_erasure.SUMMARY}

Example headers, then the value:

```json
{_json(headers_of(asyncapi_erasure.EXAMPLES[topic]))}```

```json
{_json(asyncapi_erasure.payload(topic))}```
"""


def _order(topic: Topic) -> str:
    if topic.cleanup_policy == "compact":
        return "per alert; compaction removes records, so gaps in position mean nothing here"
    return "all events of one customer, in commit order"


def _retention(topic: Topic) -> str:
    if topic.cleanup_policy == "compact":
        return "compacted: the last record of each key; a tombstone when the alert ends"
    if topic.retention_ms == KEEP_FOR_EVER:
        return "everything is kept"
    return f"{topic.retention_ms // MILLISECONDS_PER_DAY} days"


def _event_list(topic: Topic) -> str:
    return "\n".join(
        f"- [`{type_of(event)}`](../{SCHEMAS}/{type_of(event)}.json){_promise(event)}" for event in topic.events
    )


def _promise(event: type[Event]) -> str:
    return f": {event.__doc__.splitlines()[0]}" if event.__doc__ else ""


def _leftovers(root: Path, expected: dict[str, str]) -> list[str]:
    found = {path.relative_to(root).as_posix() for path in (root / SCHEMAS).glob("*.json")}
    return sorted(found - expected.keys())


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
