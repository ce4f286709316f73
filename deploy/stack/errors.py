"""The one error of the local stack: something a person has to change before it can run."""


class CannotRun(Exception):  # noqa: N818 - It reads as the sentence it carries.
    """Holds a sentence that says what is wrong and what to do; it is shown without a stack trace."""
