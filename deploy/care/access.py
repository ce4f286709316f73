"""What a program or a person needs to reach the running stack: a token, the addresses, a database."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx
import typer

from deploy.care import output
from deploy.care.exits import Exit
from deploy.care.options import DataDir, Json, Spoken
from deploy.stack import background, credentials, databases, state
from deploy.stack.databases import SERVICES
from deploy.stack.errors import NotRunningError, StackError
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.state import Phase, State
from deploy.stack.text import Language, Text

TOKEN_TIMEOUT_SECONDS = 10.0
BI = "bi"
ROLE_HELP = (
    "sales, service, finance, leader, ops, admin or integration; repeat it for several. The services ignore others. "
    "sales by default."
)


def running(data_dir: Path) -> State:
    """Return the state of the running stack; wait while it starts. Raise `NotRunningError` if it does not run."""
    background.settled(data_dir, output.say)
    return state.running(data_dir)


def services(data_dir: Path) -> dict[str, str]:
    """Return the addresses of the running services. Raise `NotRunningError` if they are stopped."""
    found = running(data_dir)
    if found.phase != Phase.READY:
        raise NotRunningError(
            f"The services of {data_dir} are stopped. Start them: ./care start",
            f"{data_dir} 的各服务已停止。启动：./care start",
        )
    return found.environment


def owner_urls(data_dir: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the address of each database with the role that owns the tables."""
    secrets = credentials.load(data_dir)
    return dict(databases.urls(environment["CARE_CUSTOMER_DATABASE_URL"], secrets).migrator)


def token(
    subject: Annotated[str, typer.Option(help="The subject of the token.")] = "ana",
    role: Annotated[list[str] | None, typer.Option(help=ROLE_HELP)] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Print an access token of the running stack."""
    answer = requested(services(data_dir)["CARE_ISSUER"], {"subject": subject, "roles": role or ["sales"]})
    if as_json:
        output.show(answer, "", as_json=True)
    else:
        output.write(str(answer["access_token"]))


def env(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False, _language: Spoken = Language.EN) -> None:
    """Print the addresses of the running stack as shell commands: eval "$(./care env)"."""
    environment = running(data_dir).environment
    if as_json:
        output.show(dict(environment), "", as_json=True)
    else:
        output.write("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))


def psql(
    database: Annotated[str, typer.Argument(help="customer, followup, alerts, reporting, or bi for the SQL views")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments for psql, after --.")] = None,
    owner: Annotated[bool, typer.Option("--owner", help="Connect as the owner of the tables.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    _language: Spoken = Language.EN,
) -> None:
    """Open psql on a database of the running stack, as the role of the service."""
    if database not in (*SERVICES, BI):
        raise typer.BadParameter(f"{database} is not one of {', '.join((*SERVICES, BI))}")
    environment = running(data_dir).environment
    name = "CARE_BI_READER_URL" if database == BI else f"CARE_{database.upper()}_DATABASE_URL"
    url = owner_urls(data_dir, environment)["reporting" if database == BI else database] if owner else environment[name]
    if shutil.which("psql") is None:
        output.complain(Text(f"psql is not installed. The address is {url}", f"未安装 psql。地址为 {url}"))
        raise typer.Exit(Exit.PROBLEM)
    _become_psql(url, arguments or [])


def _become_psql(url: str, arguments: list[str]) -> None:
    """Replace this process by psql. The password is not visible in the list of processes."""
    address = urlsplit(url)
    account, _, place = address.netloc.rpartition("@")
    user, _, password = account.partition(":")
    open_address = urlunsplit(address._replace(netloc=f"{user}@{place}"))
    environment = {**os.environ, "PGPASSWORD": unquote(password)}
    os.execvpe("psql", ["psql", "--dbname", open_address, *arguments], environment)  # noqa: S606


def requested(issuer: str, body: Mapping[str, object]) -> dict[str, object]:
    """Return the answer of the issuer to a request for a token."""
    try:
        response = httpx.post(f"{issuer}/token", json=body, timeout=TOKEN_TIMEOUT_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        raise StackError(
            f"The issuer at {issuer} does not answer: {error}. Find out why: ./care doctor",
            f"{issuer} 的令牌服务没有响应：{error}。排查：./care doctor",
        ) from error
    if response.is_error:
        raise StackError(response.json()["detail"])
    return dict(response.json())
