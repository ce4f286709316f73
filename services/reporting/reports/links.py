"""Links to the lists behind the figures."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode


def link(path: str, **filters: Any) -> str:
    """Return `path` with those filters that are given."""
    return f"{path}?{urlencode({name: text(value) for name, value in filters.items() if value is not None})}"


def text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
