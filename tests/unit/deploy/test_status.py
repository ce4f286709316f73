"""The status of a part is what it answers."""

import asyncio
from contextlib import closing

import pytest

from deploy.stack import ports, status


@pytest.mark.parametrize("body", [b"[]", b"null", b"hello"])
async def test_another_program_on_the_port_of_a_service_is_no_answer(body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, ports.HOST, 0)
    with closing(server):
        port = server.sockets[0].getsockname()[1]
        assert await status._http(f"http://{ports.HOST}:{port}/readyz") is None
