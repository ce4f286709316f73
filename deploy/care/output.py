"""The output of `care`: data on standard output, progress and errors on standard error, in the chosen language."""

import json
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Column, Table

from deploy.stack.text import Language, Text

# A name such as :cat: is data, not an emoji.
stdout = Console(emoji=False)
stderr = Console(stderr=True, emoji=False)
_language: ContextVar[Language] = ContextVar("language", default=Language.EN)


def choose(language: Language) -> Language:
    """Speak this language from now on."""
    _language.set(language)
    return language


def language() -> Language:
    return _language.get()


def spoken(text: Text) -> str:
    return text.to(language())


def say(text: str | Text) -> None:
    """Print a line of progress."""
    line = text if isinstance(text, str) else spoken(text)
    stderr.print(escape(line), style="dim", highlight=False, soft_wrap=True)


def complain(text: Text) -> None:
    """Print an error."""
    stderr.print(escape(spoken(text)), style="red", highlight=False, soft_wrap=True)


def write(line: str) -> None:
    """Print a line of data, unchanged."""
    print(line, flush=True)


def show(document: Any, shown: RenderableType, *, as_json: bool) -> None:
    """Print the document as JSON, or what people see of it."""
    if as_json:
        write(json.dumps(document, ensure_ascii=False, indent=2, default=_plain))
    else:
        # A text may contain names of folders and customers; only tables have markup.
        is_text = isinstance(shown, str)
        stdout.print(shown, soft_wrap=is_text, markup=not is_text, highlight=False)


def table(*headings: Text, whole: int) -> Table:
    """Return an empty table that truncates nothing. The column `whole` is not wrapped, because people copy from it."""
    made = Table(*(Column(spoken(heading), overflow="fold") for heading in headings))
    made.columns[whole].no_wrap = True
    return made


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case UUID() | Path() | StrEnum():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        case _:
            raise TypeError(type(value).__name__)
