"""Finds free ports on this machine, and checks whether a port is in use."""

import errno
import secrets
import socket

from deploy.stack.errors import StackError

HOST = "127.0.0.1"
PROBE_SECONDS = 3.0
# Below the ephemeral range. Within it, a client that keeps connecting to the port of a stopped server may get
# that port as its own local port, and the server cannot bind it again.
FREE_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a free port whose next port is free, too."""
    for port in secrets.SystemRandom().sample(FREE_PORTS, k=len(FREE_PORTS)):
        if _free(port) and _free(port + 1):
            return port
    raise StackError(f"No two consecutive ports are free from {FREE_PORTS.start} to {FREE_PORTS.stop}.")


def require_free(port: int, wanted_for: str) -> None:
    """Raise `StackError` if a program listens on `port`.

    Call it before a server starts: afterwards, the answer of another program would look like the server's.
    """
    try:
        _bind(port)
    except OSError as error:
        raise refusal(port, wanted_for, error) from error


def refusal(port: int, wanted_for: str, error: OSError) -> StackError:
    """Return the error for a port that could not be bound."""
    if error.errno == errno.EADDRINUSE:
        return StackError(
            f"Port {port}, needed for {wanted_for}, is in use by another program. "
            "Stop that program, or use other ports: ./care start --port-base 9000",
            f"端口 {port}（{wanted_for}）已被其他程序占用。请停止该程序，或改用其他端口：./care start --port-base 9000",
        )
    return StackError(
        f"Port {port}, needed for {wanted_for}, cannot be opened ({error.strerror}). "
        "Use other ports: ./care start --port-base 9000",
        f"端口 {port}（{wanted_for}）无法打开（{error.strerror}）。请改用其他端口：./care start --port-base 9000",
    )


def answers(port: int, host: str = HOST) -> bool:
    """Return whether `port` accepts connections."""
    try:
        socket.create_connection((host, port), PROBE_SECONDS).close()
    except OSError:
        return False
    return True


def _free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return True


def _bind(port: int) -> None:
    with socket.socket() as probe:
        # Without this, a port counts as in use for a minute after a run has ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
