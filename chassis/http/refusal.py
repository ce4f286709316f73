"""Answers for who is refused before the application is asked: a problem document like any other, made beforehand."""

import json
from collections.abc import Mapping
from functools import cache

from chassis.http import problems
from chassis.runtime.telemetry import correlation_of

NO_TRACE = "0" * 32
ANY_PATH = "*"
ANY_PLACE = json.dumps(ANY_PATH).encode()

Headers = list[tuple[bytes, bytes]]


def refusal(code: str, path: str, asked: Mapping[str, str], trace_id: str = NO_TRACE) -> tuple[Headers, bytes]:
    """Return what whoever asks for `path` with the headers `asked` is told."""
    chinese = problems.prefers_chinese(asked.get("accept-language", ""))
    made = ready_made(code, chinese).replace(NO_TRACE.encode(), trace_id.encode())
    content = made.replace(ANY_PLACE, json.dumps(path).encode())
    headers = [
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(content)),
        (b"retry-after", b"%d" % problems.RETRY_AFTER_SECONDS),
        (b"x-correlation-id", correlation_of(asked).encode("latin-1")),
    ]
    return headers, content


@cache
def ready_made(code: str, chinese: bool) -> bytes:
    document = problems.document(code, ANY_PATH, NO_TRACE, chinese=chinese)
    return json.dumps(document, ensure_ascii=False).encode()
