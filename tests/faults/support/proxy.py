"""A TCP proxy that can delay, block or break connections, or cut one at a given byte sequence."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"
CHUNK_BYTES = 64 * 1024
# Closing with this option sends a reset instead of a farewell.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Direction:
    """What happens to the bytes in one direction.

    `cut_at` breaks the connection instead of passing that word on; with `then_refuse` the link is down after it.
    """

    latency_seconds: float = 0.0
    bytes_per_second: float = 0.0
    swallow: bool = False
    cut_at: bytes | None = None
    cuts_left: int = 1
    then_refuse: bool = False
    replace: dict[bytes, bytes] = field(default_factory=dict)

    async def pass_on(self, chunk: bytes, writer: asyncio.StreamWriter) -> None:
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        if self.bytes_per_second:
            await asyncio.sleep(len(chunk) / self.bytes_per_second)
        for old, new in self.replace.items():
            chunk = chunk.replace(old, new)
        # Asked last: a link that went silent meanwhile loses what was under way.
        if not self.swallow:
            writer.write(chunk)
            await writer.drain()

    def cuts(self, chunk: bytes) -> bool:
        if self.cut_at is None or self.cuts_left == 0 or self.cut_at not in chunk:
            return False
        self.cuts_left -= 1
        return True


class Proxy:
    """A proxy between a client and `target`. `requests` and `replies` are the two directions."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests = Direction()
        self.replies = Direction()
        self.cuts = 0

    async def up(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Reset all connections and refuse new ones."""
        if self._server:
            self._server.close()
        self.reset()

    def lead_to(self, target: tuple[str, int]) -> None:
        """Forward to another server from now on."""
        self._target = target
        self.reset()

    def reset(self) -> None:
        for writer in list(self._writers):
            abort(writer)

    def heal(self) -> None:
        """Remove all faults; replacements stay, because the client depends on them."""
        self.requests = Direction(replace=self.requests.replace)
        self.replies = Direction(replace=self.replies.replace)

    def freeze(self) -> None:
        """Keep connections open, and forward nothing."""
        self.requests.swallow = self.replies.swallow = True

    async def close(self) -> None:
        await self.down()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            abort(writer)
            return
        ends = {writer, far_writer}
        self._writers |= ends
        pumps = {
            asyncio.create_task(self._pump(reader, far_writer, to_server=True)),
            asyncio.create_task(self._pump(far_reader, writer, to_server=False)),
        }
        self._tasks |= pumps
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            abort(end)
        self._writers -= ends
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._tasks -= pumps

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                direction = self.requests if to_server else self.replies
                if direction.cuts(chunk):
                    self.cuts += 1
                    if direction.then_refuse:
                        await self.down()
                    return
                await direction.pass_on(chunk, writer)


def abort(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset."""
    plain: socket.socket | None = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


@asynccontextmanager
async def proxy_to(host: str, port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy((host, port))
    await proxy.up()
    try:
        yield proxy
    finally:
        await proxy.close()


@asynccontextmanager
async def proxy_to_kafka(bootstrap: str) -> AsyncIterator[Proxy]:
    """Start a proxy for a broker, which replaces the broker's address in its replies by its own."""
    host, _, port = bootstrap.rpartition(":")
    async with proxy_to(host, int(port)) as proxy:
        proxy.replies.replace = {place(host, int(port)): place(host, proxy.port)}
        yield proxy


def place(host: str, port: int) -> bytes:
    """Return an address as encoded by Kafka's protocol: the host, then the port as four bytes."""
    return host.encode() + port.to_bytes(4, "big")
