"""Position headers: each record contains its own position and the previous position on its partition (P3)."""

from collections.abc import Sequence

from chassis.kafka.cloudevents import Headers

# Every number of so many digits fits into a bigint.
MAX_DIGITS = 18


def furthest_position(pairs: Headers) -> int:
    """Return the position of an event, or the last published position that a watermark contains; 0 if there is none."""
    headers = dict(pairs)
    texts = [headers.get(name, b"").decode(errors="replace") for name in ("ce_position", "ce_prevposition")]
    return max(parse_position(text) or 0 for text in texts)


def last_event(records: Sequence[Headers], source: bytes) -> tuple[int, bytes] | None:
    """Return position and id of the last event from `source` among the headers of records; None if there is none."""
    for headers in map(dict, reversed(records)):
        position = parse_position(headers.get("ce_position", b"").decode(errors="replace"))
        if position and headers.get("ce_source") == source and "ce_id" in headers:
            return position, headers["ce_id"]
    return None


def parse_position(text: str) -> int | None:
    """Parse a position; return None if no store could have written the text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
