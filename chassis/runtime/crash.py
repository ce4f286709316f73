"""Places where a fault test lets the process die, as a kill -9 there would. Without CARE_CRASH_AT it does nothing."""

import os

CRASH_AT = os.environ.get("CARE_CRASH_AT")
KILLED = 137


def crash_point(name: str) -> None:
    """Die here if CARE_CRASH_AT names this place."""
    if name == CRASH_AT:
        os._exit(KILLED)
