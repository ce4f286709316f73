"""Abusive requests over raw sockets, and the memory usage of the process that receives them."""

import asyncio
import gzip
import json
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
LIMIT_SECONDS = 60.0
OBSERVE_SECONDS = 0.02
OTHER_FILES = 200
SMALL_BUFFER_BYTES = 4 * 1024
PIECE = b" " * MEBIBYTE
GZIP_BOMB = gzip.compress(b" " * 60 * MEBIBYTE)


@dataclass(frozen=True)
class RudeRequest:
    """A request to `/v1/customers`: the headers about the body, and the body."""

    headers: str
    body: bytes = b""
    endless: bytes = b""
    query: str = ""

    def pieces(self) -> Iterator[bytes]:
        """Yield the body; an endless one has one gibibyte."""
        if self.body:
            yield self.body
        for _ in range(GIBIBYTE // len(self.endless) if self.endless else 0):
            yield self.endless


def sized(body: bytes, *more: str) -> RudeRequest:
    return RudeRequest("\r\n".join([f"Content-Length: {len(body)}", *more]), body)


RUDE_REQUESTS = {
    "1 GB": RudeRequest(f"Content-Length: {GIBIBYTE}", endless=PIECE),
    "1 GB in chunks": RudeRequest("Transfer-Encoding: chunked", endless=b"100000\r\n" + PIECE + b"\r\n"),
    "1 GB in one chunk": RudeRequest("Transfer-Encoding: chunked", b"40000000\r\n", endless=PIECE),
    "100,000 deep": sized(b"[" * 100_000),
    "as deep as fits": sized(b"[" * 65_000),
    "deep objects": sized(b'{"a":' * 13_000),
    "a gzip bomb": sized(GZIP_BOMB, "Content-Encoding: gzip"),
    "10,000 keys in the query": RudeRequest(
        "Content-Length: 0", query="&".join(f"k{number}=1" for number in range(10_000))
    ),
    "10,000 names in the body": sized(json.dumps({f"k{number}": 1 for number in range(10_000)}).encode()[:64_000]),
}


async def send(url: str, rude: RudeRequest, token: str) -> tuple[bytes, int]:
    """Send until the server closes the connection; return its status line, and how many bytes were sent."""
    place, sent = urlsplit(url), 0
    async with asyncio.timeout(LIMIT_SECONDS):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        head = f"POST /v1/customers?{rude.query} HTTP/1.1\r\nHost: care.test\r\nAuthorization: {token}\r\n"
        named = f"Content-Type: application/json\r\nConnection: close\r\n{rude.headers}\r\n\r\n"
        answer = b""
        with suppress(ConnectionError):
            writer.write((head + named).encode())
            for piece in rude.pieces():
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        with suppress(ConnectionError):
            answer = await reader.readline()
        writer.close()
    return answer, sent


@asynccontextmanager
async def idle_connections(url: str, count: int) -> AsyncIterator[None]:
    """Keep idle connections open. A connection that the server closes is not reopened."""
    place = urlsplit(url)
    with open_files(count + OTHER_FILES):
        opened = [await asyncio.open_connection(place.hostname, place.port) for _ in range(count)]
        try:
            yield
        finally:
            for _, writer in opened:
                writer.transport.abort()


def unfinished_bodies(url: str, count: int) -> AbstractAsyncContextManager[list[asyncio.Task[bytes]]]:
    """Send `count` requests with an incomplete body; yield the status line of each response."""
    return unfinished(url, count, b"POST /v1/customers HTTP/1.1\r\nHost: care.test\r\nContent-Length: 99\r\n\r\n{")


def unfinished_heads(url: str, count: int) -> AbstractAsyncContextManager[list[asyncio.Task[bytes]]]:
    """Send `count` requests with incomplete headers; yield the status line of each response."""
    return unfinished(url, count, b"GET /v1/customers HTTP/1.1\r\nHost: care.test\r\nX-Slow: ")


@asynccontextmanager
async def unfinished(url: str, count: int, first_bytes: bytes) -> AsyncIterator[list[asyncio.Task[bytes]]]:
    place = urlsplit(url)
    opened = [await asyncio.open_connection(place.hostname, place.port) for _ in range(count)]
    for _, writer in opened:
        writer.write(first_bytes)
    answers = [asyncio.create_task(first_line(reader)) for reader, _ in opened]
    try:
        yield answers
    finally:
        for answer, (_, writer) in zip(answers, opened, strict=True):
            answer.cancel()
            writer.transport.abort()


async def first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ConnectionError:
        return b""


@asynccontextmanager
async def silent_reader(url: str, requests: bytes) -> AsyncIterator[None]:
    """Send `requests`, in which one follows the other, on one connection, and read no response."""
    loop, place = asyncio.get_running_loop(), urlsplit(url)
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        opened.setblocking(False)
        await loop.sock_connect(opened, (place.hostname, place.port))
        sender = asyncio.create_task(loop.sock_sendall(opened, requests))
        try:
            yield
        finally:
            sender.cancel()
            # The server may have closed the connection.
            await asyncio.gather(sender, return_exceptions=True)


@contextmanager
def open_files(count: int) -> Iterator[None]:
    """Raise the limit of open files to `count`; skip the test if the hard limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"this machine lets no process have {count} files open, but {hard}")
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@dataclass
class Memory:
    """The memory of a process in bytes, and the maximum while it was observed."""

    pid: int
    most: int = field(default=0)

    def now(self) -> int:
        line = next(line for line in Path(f"/proc/{self.pid}/status").read_text().splitlines() if "VmRSS" in line)
        return int(line.split()[1]) * 1024

    async def observe(self) -> None:
        """Observe until cancelled."""
        while True:
            self.most = max(self.most, self.now())
            await asyncio.sleep(OBSERVE_SECONDS)
