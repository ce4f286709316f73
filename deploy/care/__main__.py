"""The command line `care`."""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import httpx
import typer
from aiokafka.errors import KafkaError

from chassis.postgres.database import UNAVAILABLE
from deploy.care import access, checks, output, recovery, rest, service, stack, topics
from deploy.care.exits import Exit
from deploy.stack.errors import NotRunningError, StackError
from deploy.stack.text import Text

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The customer lifecycle on this machine. Exit codes: 0 done, 1 problem, 2 wrong use, 3 not running.",
)
COMMANDS: dict[str, Callable[..., None]] = {
    "status": stack.show_status,
    "start": stack.start,
    "stop": stack.stop,
    "run": stack.run,
    "up": stack.up,
    "down": stack.down,
    "reset": stack.reset,
    "token": access.token,
    "env": access.env,
    "psql": access.psql,
    "import": rest.import_file,
    "events": rest.events,
    "listen": topics.listen,
    "refill": topics.refill,
    "rebuild": service.rebuild,
    "doctor": checks.doctor,
    "demo": checks.demo,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(service.parked, name="parked")
app.add_typer(recovery.restore, name="restore")


def main(arguments: Sequence[str]) -> int:
    """Run the command line, and return its exit code. Errors that a user can fix are printed without a stack trace."""
    try:
        app(arguments, prog_name="care")
    except NotRunningError as error:
        output.complain(error.text)
        return Exit.NOT_RUNNING
    except StackError as error:
        output.complain(error.text)
    except httpx.HTTPStatusError as error:
        output.complain(_refusal(error.response))
    except (httpx.TransportError, KafkaError, *UNAVAILABLE) as error:
        reason = str(error) or type(error).__name__
        output.complain(
            Text(
                f"A part of the stack does not answer: {reason}. Find out which: ./care status",
                f"系统的某个组件没有响应：{reason}。排查：./care status",
            )
        )
    return Exit.PROBLEM


def _refusal(response: httpx.Response) -> Text:
    """Return what the service says of a request that it refused."""
    reason = response.text
    with suppress(json.JSONDecodeError, KeyError):
        problem = response.json()
        details = [problem["detail"], *(error["detail"] for error in problem.get("errors", []))]
        reason = " ".join(details)
    message = f"{response.request.url} {response.status_code}: {reason}"
    return Text(message, message)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
