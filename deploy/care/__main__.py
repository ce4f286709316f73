"""The command line `care`."""

import importlib
import json
import sys
from collections.abc import Sequence
from contextlib import suppress

import httpx
import typer
from aiokafka.errors import KafkaError

from chassis.postgres.database import UNAVAILABLE
from deploy.care import output
from deploy.care.exits import Exit
from deploy.stack.errors import NotRunningError, StackError
from deploy.stack.text import Text

# The functions of the commands, and the groups of commands, by module. A call imports only the modules that it needs:
# all of them take a second.
COMMANDS = {
    "status": "stack.show_status",
    "start": "stack.start",
    "stop": "stack.stop",
    "run": "stack.run",
    "up": "stack.up",
    "down": "stack.down",
    "reset": "stack.reset",
    "token": "access.token",
    "env": "access.env",
    "psql": "access.psql",
    "import": "rest.import_file",
    "events": "rest.events",
    "listen": "topics.listen",
    "refill": "topics.refill",
    "rebuild": "service.rebuild",
    "doctor": "checks.doctor",
    "demo": "checks.demo",
    "shipped": "shipped.show_shipped",
}
GROUPS = {"parked": "service.parked", "restore": "recovery.restore"}


def application(arguments: Sequence[str]) -> typer.Typer:
    """Return the commands that the arguments name; all commands if they name none."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(describe)
    known = COMMANDS | GROUPS
    named = [name for name in known if name in arguments] or list(known)
    for name in named:
        module, _, attribute = known[name].partition(".")
        found = getattr(importlib.import_module(f"deploy.care.{module}"), attribute)
        if name in GROUPS:
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def describe() -> None:
    """The customer lifecycle on this machine. Exit codes: 0 done, 1 problem, 2 wrong use, 3 not running."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line, and return its exit code. Errors that a user can fix are printed without a stack trace."""
    try:
        application(arguments)(arguments, prog_name="care")
    except NotRunningError as error:
        output.complain(error.text)
        return Exit.NOT_RUNNING
    except StackError as error:
        output.complain(error.text)
    except httpx.HTTPStatusError as error:
        output.complain(_refusal(error.response))
    except (httpx.TransportError, KafkaError, *UNAVAILABLE) as error:
        output.complain(_failure(error))
    return Exit.PROBLEM


def _failure(error: Exception) -> Text:
    """Return what a file or a part of the stack did not allow."""
    if isinstance(error, OSError) and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"
        return Text(message, message)
    reason = str(error) or type(error).__name__
    return Text(
        f"A part of the stack does not answer: {reason}. Find out which: ./care status",
        f"系统的某个组件没有响应：{reason}。排查：./care status",
    )


def _refusal(response: httpx.Response) -> Text:
    """Return what the service says of a request that it refused."""
    reason = response.text
    with suppress(json.JSONDecodeError, KeyError):
        problem = response.json()
        details = [problem["detail"], *(error["detail"] for error in problem.get("errors", []))]
        # The error of a business rule repeats the detail.
        reason = " ".join(dict.fromkeys(details))
    message = f"{reason} ({response.status_code} {response.request.url})"
    return Text(message, message)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
