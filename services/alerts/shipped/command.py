"""The command that shows what is shipped. It needs no server and no settings."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from services.alerts.shipped.catalogue import shipped


def show_shipped(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole definitions as JSON.")] = False,
) -> None:
    """Show the shipped rules and definitions, with their parameters and texts in both languages."""
    found = list(shipped())
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
        return
    table = Table(Column("kind"), Column("id", no_wrap=True), Column("shape"), Column("title"), Column("标题"))
    for each in found:
        table.add_row(each.kind, each.id, each.shape or "", each.texts["title"].en, each.texts["title"].zh)
    Console().print(table)
