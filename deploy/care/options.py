"""The options that several commands have."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from deploy.care import output
from deploy.stack.databases import SERVICES
from deploy.stack.text import Language

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="CARE_DATA_DIR", help="The folder of data, secrets and logs.")
]
# The callback chooses the language of all output, so a command does not read the value.
Spoken = Annotated[
    Language,
    typer.Option(
        "--language", envvar="CARE_LANGUAGE", callback=output.choose, help="The language of texts; zh is 简体中文."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
PortBase = Annotated[
    int | None,
    typer.Option(
        "--port-base",
        envvar="CARE_PORT_BASE",
        help="The first port; all others are computed from it. By default that of the last start, or 8000.",
    ),
]
OnlyServers = Annotated[bool, typer.Option("--only-servers", help="Run PostgreSQL and Kafka without the services.")]


def splittable(command: str) -> str:
    try:
        shlex.split(command)
    except ValueError as error:
        raise typer.BadParameter(f"{command}: {error}") from error
    return command


Compose = Annotated[
    str, typer.Option("--compose", envvar="COMPOSE", callback=splittable, help="The command of Docker Compose.")
]
DEFAULT_COMPOSE = "docker compose"


def known_service(name: str) -> str:
    if name not in SERVICES:
        raise typer.BadParameter(f"{name} is not one of {', '.join(SERVICES)}")
    return name


Service = Annotated[str, typer.Argument(callback=known_service, help="customer, followup, alerts or reporting")]
