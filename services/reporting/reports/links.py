"""Links from figures to their lists."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode


def link(path: str, **filters: Any) -> str:
    """Return `path` with the filters that are not None as its query."""
    return f"{path}?{urlencode({name: text(value) for name, value in filters.items() if value is not None})}"


def text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
