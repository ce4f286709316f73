"""What was ever stored can still be read: every frozen event decodes with today's class, and loses nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.example_records import payload
from contracts.topics import EVENT_TYPES
from tests.contracts.freeze import CORPUS, missing_fields

FILES = sorted(CORPUS.glob("*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CORPUS).as_posix())
def test_a_frozen_event_still_decodes_without_loss(path: Path) -> None:
    stored = path.read_text(encoding="utf-8")

    event = EVENT_TYPES[path.parent.name].model_validate_json(stored)

    # The class ignores fields it does not know, so a renamed one would be lost without a word.
    assert kept(json.loads(stored), payload(event)) == json.loads(stored)


def kept(stored: Any, now: Any) -> Any:
    """Return what is left of the stored value: all but the fields that were added since, at any depth."""
    match stored, now:
        case dict(), dict():
            return {name: kept(value, now[name]) for name, value in stored.items() if name in now}
        case list(), list() if len(stored) == len(now):
            return [kept(*pair) for pair in zip(stored, now, strict=True)]
        case _:
            return now


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_every_field_of_an_example_is_frozen(event_type: str) -> None:
    assert missing_fields(event_type) == set(), "run python -m tests.contracts.freeze"


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_a_field_from_the_future_is_ignored(event_type: str) -> None:
    stored = json.loads((CORPUS / event_type / "1.json").read_text(encoding="utf-8"))

    event = EVENT_TYPES[event_type].model_validate(stored | {"not_yet_known": 1})

    assert "not_yet_known" not in payload(event)
