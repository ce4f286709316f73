"""Executes a command that receives a signal when its parent process dies, so a killed supervisor leaves no processes.

Run it as a script: parent_death_signal.py SIGNAL PARENT UID GID COMMAND... With UID and GID -1, the account does not
change. It is a script, because running code between fork and exec (preexec_fn) is not safe with threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Change the account, set the parent death signal, and execute the command."""
    death_signal, parent, uid, gid = (int(argument) for argument in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # The kernel clears the setting when the account changes, so it is set afterwards.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            sys.exit("The parent process has ended.")
    os.execvp(command[0], command)  # noqa: S606 - Executing the command is the purpose.


if __name__ == "__main__":
    main(sys.argv[1:])
