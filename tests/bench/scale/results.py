"""Writes results to build/scale.json as JSON lines, one at a time, so that an interrupted run keeps its results."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tests.bench.harness.measuring import PROJECT, Figure

RESULTS = PROJECT / "build" / "scale.json"


def begin() -> None:
    """Forget what the last run left."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text("")


def note(measure: str, found: Mapping[str, Any]) -> None:
    """Add one line: what was found, when, and how busy the machine was (its load over the last minute)."""
    line = {"measure": measure, "at": datetime.now(UTC).isoformat(), "load": os.getloadavg()[0], **found}
    with RESULTS.open("a") as file:
        file.write(json.dumps(line) + "\n")


def note_figures(measure: str, figures: Iterable[Figure]) -> None:
    for figure in figures:
        note(measure, asdict(figure))
