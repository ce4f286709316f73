"""A service without admission control: it admits all requests."""

import sys

from chassis.http import admission
from tests.faults.support.worker import main

if __name__ == "__main__":
    admission.MAX_CONCURRENT = sys.maxsize
    main(*sys.argv[1:])
