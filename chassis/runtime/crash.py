"""Crash points for fault tests: the process exits at a named place as after kill -9. Inactive without CARE_CRASH_AT."""

import os

CRASH_AT = os.environ.get("CARE_CRASH_AT")
KILLED = 137


def crash_point(name: str) -> None:
    """Exit without any clean-up if CARE_CRASH_AT is `name`."""
    if name == CRASH_AT:
        os._exit(KILLED)
