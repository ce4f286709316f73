"""Reads just as much of a request as it takes to refuse it, where that leaves no doubt of where the request ends."""

from dataclasses import dataclass

METHODS = frozenset({b"GET", b"POST", b"PUT", b"PATCH", b"DELETE"})
# With one of these a request may end elsewhere, or asks for more than an answer.
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
MAX_LENGTH_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Glance:
    """What is asked for, with which headers, and how many bytes of the request are still to come."""

    path: str
    headers: dict[str, str]
    rest: int


def glance(data: bytes) -> Glance | None:
    """Return what `data` asks for if it is one plain request, with all of its head and no other behind it."""
    head, end, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    path, headers = path_of(first), headers_of(lines)
    if not end or not path or headers is None or head.count(b"\n") != len(lines):
        return None
    rest = int(headers.get(b"content-length", b"0")) - len(body)
    told = {name.decode(): value.decode("latin-1") for name, value in headers.items()}
    return Glance(path, told, rest) if rest >= 0 else None


def path_of(line: bytes) -> str:
    method, _, rest = line.partition(b" ")
    target, _, version = rest.partition(b" ")
    if method not in METHODS or version != b"HTTP/1.1" or not target.startswith(b"/"):
        return ""
    return target.partition(b"?")[0].decode("latin-1")


def headers_of(lines: list[bytes]) -> dict[bytes, bytes] | None:
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    length = headers.get(b"content-length", b"0")
    is_plain = (
        len(headers) == len(lines)
        and b"".join(headers).replace(b"-", b"").isalnum()
        and headers.keys().isdisjoint(UNUSUAL)
        and headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and length.isdigit()
        and len(length) <= MAX_LENGTH_DIGITS
    )
    return headers if is_plain else None
