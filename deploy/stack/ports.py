"""Ports on this machine: which are free, and what to say of one that is not."""

import errno
import secrets
import socket

from deploy.stack.errors import CannotRun

HOST = "127.0.0.1"


# Below the range that systems take for outgoing connections. Within it, a client that keeps knocking on a
# stopped server's port can be given that very port as its own, and so keep the server from coming back.
FREE_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a port that nobody listens on at this moment, nor on the one after it."""
    for port in secrets.SystemRandom().sample(FREE_PORTS, k=len(FREE_PORTS)):
        if _free(port) and _free(port + 1):
            return port
    raise CannotRun(f"No two ports side by side are free from {FREE_PORTS.start} to {FREE_PORTS.stop}.")


def require_free(port: int, wanted_for: str) -> None:
    """Raise `CannotRun` if somebody listens on `port` already.

    It is asked before a server starts: afterwards a stranger's answer could pass for the server's own.
    """
    try:
        _bind(port)
    except OSError as error:
        raise CannotRun(refusal(port, wanted_for, error)) from error


def refusal(port: int, wanted_for: str, error: OSError) -> str:
    """Return the sentence for a port that could not be had."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port}, wanted for {wanted_for}, is taken by another program. "
            "Stop that program, or choose other ports: make run PORT_BASE=9000"
        )
    return (
        f"Port {port}, wanted for {wanted_for}, cannot be opened ({error.strerror}). "
        "Choose other ports: make run PORT_BASE=9000"
    )


def answers(port: int) -> bool:
    """Tell whether somebody accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return True


def _bind(port: int) -> None:
    with socket.socket() as probe:
        # Without this a port would count as taken for a minute after a run that had just ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
