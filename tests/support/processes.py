"""Finds a service's process by its command line, so that a test can kill it."""

import os
import signal
from pathlib import Path


def kill(module: str, port: str) -> None:
    """Kill -9 the process that runs `module` on `port`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_it(entry, module, port):
            os.kill(int(entry.name), signal.SIGKILL)
            return
    raise LookupError(f"no process runs {module} on {port}")


def is_it(entry: Path, module: str, port: str) -> bool:
    try:
        command = (entry / "cmdline").read_bytes().decode(errors="replace")
        environment = (entry / "environ").read_bytes().decode(errors="replace")
    except (OSError, PermissionError):
        return False
    return module in command.split("\0") and f"CARE_PORT={port}" in environment.split("\0")
