"""Position headers: each record contains its own position and the previous position on its partition (P3)."""

from collections.abc import Sequence

from chassis.kafka.cloudevents import Headers

# Every number of so many digits fits into a bigint.
MAX_DIGITS = 18
# An event contains its own position and id; a watermark those of the last event before it.
REFERENCES = (("ce_position", "ce_id"), ("ce_prevposition", "ce_previd"))


def furthest_position(pairs: Headers) -> int:
    """Return the position of an event, or the last published position that a watermark contains; 0 if there is none."""
    headers = dict(pairs)
    texts = [headers.get(name, b"").decode(errors="replace") for name in ("ce_position", "ce_prevposition")]
    return max(parse_position(text) or 0 for text in texts)


def last_event(records: Sequence[Headers], source: bytes) -> tuple[int, bytes] | None:
    """Return position and id of the last event from `source` that records contain or, as watermarks, refer to.

    `records` are the headers of consecutive records. None if there is no such event.
    """
    for headers in map(dict, reversed(records)):
        if headers.get("ce_source") != source:
            continue
        for position_header, id_header in REFERENCES:
            position = parse_position(headers.get(position_header, b"").decode(errors="replace"))
            if position and id_header in headers:
                return position, headers[id_header]
    return None


def parse_position(text: str) -> int | None:
    """Parse a position; return None if no store could have written the text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
