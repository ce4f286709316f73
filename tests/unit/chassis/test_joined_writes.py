"""What is written in one turn of the loop goes out in one piece; nothing waits for longer, and nothing is lost."""

import asyncio
from typing import Any, cast

import pytest

from chassis.http.joined_writes import MAX_JOINED_BYTES, JoinedWrites

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"{}"


class Told:
    """What a transport is told, in order."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_extra_info(self, name: str) -> str:
        return f"its {name}"


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def joined(told: Told) -> JoinedWrites:
    return JoinedWrites(cast(Any, told), asyncio.get_running_loop())


async def test_head_and_body_are_one_piece(told: Told, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    joined.write(BODY)
    joined.flush()
    assert told.written == [HEAD + BODY]


async def test_a_head_whose_body_is_long_in_coming_does_not_wait_for_it(told: Told, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    assert told.written == []
    await asyncio.sleep(0)
    assert told.written == [HEAD]
    joined.write(BODY)
    await asyncio.sleep(0)
    assert told.written == [HEAD, BODY]


async def test_what_is_large_goes_on_at_once(told: Told, joined: JoinedWrites) -> None:
    joined.write(b"x" * MAX_JOINED_BYTES)
    assert told.written == []
    joined.write(b"y")
    assert told.written == [b"x" * MAX_JOINED_BYTES + b"y"]
    joined.write(BODY)
    await asyncio.sleep(0)
    assert told.written[1:] == [BODY]


async def test_what_is_written_before_it_closes_is_sent(told: Told, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    joined.close()
    assert (told.written, told.is_closed) == ([HEAD], True)


async def test_nothing_is_written_to_who_has_gone(told: Told, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    told.close()
    await asyncio.sleep(0)
    joined.flush()
    assert told.written == []


async def test_everything_else_is_the_transports_own(joined: JoinedWrites) -> None:
    assert joined.get_extra_info("peername") == "its peername"
