"""Runs a command of an operator with a test's own topics: `operation PREFIX MODULE ARGUMENTS`."""

import runpy
import sys

from tests.faults.support.worker import use_own_topics


def main(prefix: str, module: str, *arguments: str) -> None:
    # Before the module is imported, because it may keep the names of topics.
    use_own_topics(prefix)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
