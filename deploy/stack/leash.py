"""Becomes another program that ends when its parent does, so that a killed supervisor leaves nothing behind.

Run as a script: leash.py SIGNAL PARENT UID GID COMMAND..., with UID and GID -1 to stay who we are. It is a
program of its own because the alternative, code between fork and exec, is not safe beside threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Change account, tie this process to its parent, and become the command."""
    death_signal, parent, uid, gid = (int(argument) for argument in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # The kernel forgets the tie when the account changes, so it comes after that.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            sys.exit("The program that started this one has gone.")
    os.execvp(command[0], command)  # noqa: S606 - Becoming that command is what this program is for.


if __name__ == "__main__":
    main(sys.argv[1:])
