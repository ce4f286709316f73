"""An older build of a service: it does not know the event type PROFILE_CHANGED."""

import sys

from contracts.topics import EVENT_TYPES
from tests.faults.support.worker import main

PROFILE_CHANGED = "care.customer.profile-changed.v1"

if __name__ == "__main__":
    del EVENT_TYPES[PROFILE_CHANGED]
    main(*sys.argv[1:])
