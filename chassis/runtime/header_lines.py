"""Reads the headers of a request: several lines of one header are one value (RFC 9110, section 5.3)."""

from collections.abc import Iterable, Mapping


def read_headers(lines: Iterable[tuple[bytes, bytes]], names: Mapping[bytes, str]) -> dict[str, str]:
    """Return the values of the headers `names`, under the names there.

    Two lines of a header that has one value, such as traceparent, so become a value that is not valid.
    """
    found: dict[str, str] = {}
    for line_name, value in lines:
        if name := names.get(line_name):
            text = value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found
