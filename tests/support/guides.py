"""The examples of a page of documentation, so that tests can run them as they are written."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page that are marked with this language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
