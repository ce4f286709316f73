"""Freeze today's examples: `python -m tests.contracts.freeze` adds those whose fields the corpus lacks.

Frozen files stand for what the stores hold already, so they are only ever added, never changed.
"""

import json
from pathlib import Path

from contracts.example_records import payload
from contracts.examples import EXAMPLES
from contracts.topics import EVENT_TYPES

CORPUS = Path(__file__).parent / "corpus"


def frozen(event_type: str) -> list[Path]:
    return sorted((CORPUS / event_type).glob("*.json"))


def missing_fields(event_type: str) -> set[str]:
    """Return the fields of today's example that no frozen file shows."""
    shown = {field for path in frozen(event_type) for field in json.loads(path.read_text(encoding="utf-8"))}
    return payload(EXAMPLES[EVENT_TYPES[event_type]]).keys() - shown


def freeze() -> None:
    for event_type, event in EVENT_TYPES.items():
        if missing_fields(event_type):
            path = CORPUS / event_type / f"{len(frozen(event_type)) + 1}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(payload(EXAMPLES[event]), ensure_ascii=False, indent=2)
            path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    freeze()
