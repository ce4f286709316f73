"""The errors of the local stack that a user can fix."""

from deploy.stack.text import Text


class StackError(Exception):
    """The stack cannot run. The message says why and what to do; it is printed without a stack trace."""

    def __init__(self, message: str, message_zh: str = "") -> None:
        super().__init__(message)
        self.text = Text(message, message_zh or message)


class NotRunningError(StackError):
    """The stack, or the part of it that a command needs, is not running."""
