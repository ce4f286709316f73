"""The error of the local stack that a user can fix."""


class StackError(Exception):
    """The stack cannot run. The message says why and what to do; it is printed without a stack trace."""
