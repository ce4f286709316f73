"""The chain of positions in record headers: each record names its own position and the one published before it."""

from collections.abc import Sequence

from chassis.kafka.cloudevents import Headers

# The longest numbers that are sure to fit into a bigint.
MAX_DIGITS = 18


def furthest_position(pairs: Headers) -> int:
    """Return the last position that a record knows to be published: its own, or the one a watermark names."""
    headers = dict(pairs)
    texts = [headers.get(name, b"").decode(errors="replace") for name in ("ce_position", "ce_prevposition")]
    return max(number_of(text) or 0 for text in texts)


def last_event(tail: Sequence[Headers], source: bytes) -> tuple[int, bytes] | None:
    """Return position and id of the last event among records, if there is one that `source` has published."""
    for headers in map(dict, reversed(tail)):
        position = number_of(headers.get("ce_position", b"").decode(errors="replace"))
        if position and headers.get("ce_source") == source and "ce_id" in headers:
            return position, headers["ce_id"]
    return None


def number_of(text: str) -> int | None:
    """Read a position; None for what no store could have written."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
