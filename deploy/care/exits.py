"""The exit codes of `care`."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    # A check or a row failed, or a command could not be carried out.
    PROBLEM = 1
    # An argument or an option is wrong.
    USAGE = 2
    # The stack, or the part of it that the command needs, does not run.
    NOT_RUNNING = 3
