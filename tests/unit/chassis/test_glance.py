"""A glance at a request tells where it ends, or nothing at all."""

import pytest

from chassis.http.glance import MAX_LENGTH_DIGITS, METHODS, glance

HEAD = b"POST /v1/things?a=b HTTP/1.1\r\nHost: care.test\r\nAccept-Language: zh\r\n"


@pytest.mark.parametrize(
    ("raw", "rest"),
    [
        (HEAD + b"\r\n", 0),
        (HEAD + b"Content-Length: 5\r\n\r\nhello", 0),
        (HEAD + b"content-length:5\r\n\r\nhe", 3),
        (HEAD + b"Connection: Keep-Alive\r\nContent-Length: " + b"9" * MAX_LENGTH_DIGITS + b"\r\n\r\n", 99_999),
    ],
    ids=["no body", "all of it", "some of its body", "the largest"],
)
def test_a_plain_request_is_understood(raw: bytes, rest: int) -> None:
    seen = glance(raw)
    assert seen is not None
    assert (seen.path, seen.headers["accept-language"], seen.rest) == ("/v1/things", "zh", rest)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_usual_method_is_understood(method: bytes) -> None:
    assert glance(method + b" / HTTP/1.1\r\nHost: care.test\r\n\r\n") is not None


@pytest.mark.parametrize(
    "raw",
    [
        HEAD,
        HEAD + b"\r\nGET / HTTP/1.1\r\n\r\n",
        HEAD + b"Content-Length: 2\r\n\r\nhello",
        HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5, 5\r\n\r\nhello",
        HEAD + b"Content-Length: 1" + b"0" * MAX_LENGTH_DIGITS + b"\r\n\r\n",
        HEAD + b"Content-Length : 5\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding\t: chunked\r\n\r\n",
        HEAD + b"X: y\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        HEAD + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        HEAD + b"Connection: close\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: care.test\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: care.test\r\n\r\n",
        b"GET http://care.test/ HTTP/1.1\r\nHost: care.test\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: care.test\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: care.test\r\n\r\n",
        b"hello",
        b"\r\n\r\n",
    ],
)
def test_what_could_end_elsewhere_is_left_to_a_better_reader(raw: bytes) -> None:
    assert glance(raw) is None
