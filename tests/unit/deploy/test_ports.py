"""The error message for a port that is in use."""

import errno
import socket

import pytest

from deploy.stack import ports
from deploy.stack.errors import StackError


def test_a_port_in_use_is_reported_with_its_purpose_and_a_solution() -> None:
    with socket.socket() as stranger:
        stranger.bind((ports.HOST, 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(StackError, match=rf"Port {port}, needed for Kafka, is in use.*--port-base"):
            ports.require_free(port, "Kafka")


def test_a_port_that_may_not_be_opened_says_why() -> None:
    sentence = str(ports.refusal(80, "Kafka", PermissionError(errno.EACCES, "Permission denied")))
    assert "Permission denied" in sentence
    assert "in use" not in sentence


def test_a_free_port_can_be_used_and_so_can_the_one_after_it() -> None:
    port = ports.free_port()
    ports.require_free(port, "PostgreSQL")
    ports.require_free(port + 1, "PostgreSQL")
    assert not ports.answers(port)
