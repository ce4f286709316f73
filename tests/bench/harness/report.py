"""Writes the results of a run: a table for people, JSON lines for programs."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from tests.bench.harness.measuring import PROJECT, Figure

RESULTS = PROJECT / "build" / "bench.json"
SIGNS = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}


def table(figures: Iterable[Figure]) -> Table:
    made = Table("name", "value", "unit", "floor", "ratio", "target", "")
    for column in made.columns[1:]:
        column.justify = "right"
    for figure in figures:
        made.add_row(
            figure.name,
            number(figure.value),
            figure.unit,
            number(figure.floor),
            "" if figure.ratio is None else f"{figure.ratio:.3f}",
            target(figure),
            SIGNS[figure.is_met],
        )
    return made


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1_000 else f"{value:,.1f}"


def target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    if figure.unit.endswith("/s"):
        return f"≥ {figure.target:g} ×"
    return f"< {figure.target:g} {figure.unit}"


def write(figures: Iterable[Figure], path: Path = RESULTS) -> None:
    """Write one JSON object a line, over what the last run left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(figure)) for figure in figures]
    path.write_text("\n".join(lines) + "\n")
