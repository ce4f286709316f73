"""A taken port is told in a sentence that helps."""

import errno
import socket

import pytest

from deploy.stack import ports
from deploy.stack.errors import CannotRun


def test_a_taken_port_is_named_with_its_use_and_the_way_out() -> None:
    with socket.socket() as stranger:
        stranger.bind((ports.HOST, 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(CannotRun, match=rf"Port {port}, wanted for Kafka, is taken.*PORT_BASE="):
            ports.require_free(port, "Kafka")


def test_a_port_that_may_not_be_opened_says_why() -> None:
    sentence = ports.refusal(80, "Kafka", PermissionError(errno.EACCES, "Permission denied"))
    assert "Permission denied" in sentence
    assert "taken" not in sentence


def test_a_free_port_can_be_used_and_so_can_the_one_after_it() -> None:
    port = ports.free_port()
    ports.require_free(port, "PostgreSQL")
    ports.require_free(port + 1, "PostgreSQL")
    assert not ports.answers(port)
