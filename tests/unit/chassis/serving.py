"""An application on a real socket, served as services serve theirs, and callers on raw connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from chassis.service import listener, server_config
from tests.support.waiting import eventually
from tests.unit.chassis.issuer import SETTINGS

LIMIT_SECONDS = 60.0


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """Serve `app` for the time of the block; yields the port."""
    server = uvicorn.Server(server_config(app, SETTINGS.model_copy(update={"port": 0})))
    task = asyncio.create_task(server._serve([listener(server.config)]))

    async def has_started() -> bool:
        return server.started

    await eventually(has_started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Caller:
    """One connection, and the answers that come on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, raw: bytes) -> None:
        self.writer.write(raw)

    async def answer(self) -> tuple[bytes, dict[str, str], bytes]:
        """Return the status line, headers and body of the next answer."""
        async with asyncio.timeout(LIMIT_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, *lines = head[:-4].decode().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return status.encode(), headers, body

    async def ask(self, raw: bytes) -> tuple[bytes, dict[str, str], bytes]:
        self.send(raw)
        return await self.answer()

    async def rest(self) -> bytes:
        """Return what comes until the server closes."""
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self.reader.read()


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()
