"""Runs nginx with the configuration of deploy/nginx in front of a service on loopback, on free ports."""

import asyncio
import getpass
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from deploy.stack.child import Child
from deploy.stack.ports import HOST, answers, free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx"
SERVICES = ("customer", "followup", "alerts", "reporting")
NOTHING_THERE = f"{HOST}:9"
# The two forms in which a service is reached: as `make run` starts it, and as production runs it.
ALONE, BEHIND_NGINX = "alone", "behind nginx"
FORMS = (ALONE, BEHIND_NGINX)


@asynccontextmanager
async def nginx(
    folder: Path,
    address: str,
    changed: Mapping[str, str] = MappingProxyType({}),
    extra: str = "",
    service: str = "customer",
) -> AsyncIterator[int]:
    """Run nginx in front of `service` at `address`; yields the port. Skips the test where there is no nginx.

    `changed` replaces settings of the template, each by another one; `extra` is added to it.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed here, so what it promises in front of a service is not tested")
    ports = {name: free_port() for name in SERVICES}
    write(folder, values(folder, {service: address}, ports, secure=bool(extra)), changed, extra)
    whose = f"daemon off; user {getpass.getuser()};"
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", whose]
    child = Child("nginx", command, folder / "nginx.log", partial(asyncio.to_thread, answers, ports[service]))
    await child.start()
    try:
        yield ports[service]
    finally:
        await child.stop()


@asynccontextmanager
async def in_form(form: str, port: int, folder: Path) -> AsyncIterator[int]:
    """Yield the port at which the service on `port` is reached in this form."""
    if form == ALONE:
        yield port
        return
    async with nginx(folder, f"{HOST}:{port}") as front:
        yield front


def write(folder: Path, given: Mapping[str, str], changed: Mapping[str, str], extra: str) -> None:
    template = (CONFIGURATION / "nginx.conf.template").read_text()
    for setting, other in changed.items():
        assert setting in template, setting
        template = template.replace(setting, other)
    (folder / "extra").mkdir(parents=True)
    (folder / "extra" / "test.conf").write_text(extra)
    (folder / "nginx.conf").write_text(filled(template, given))
    shutil.copytree(CONFIGURATION / "care", folder / "care")


def values(folder: Path, services: Mapping[str, str], ports: Mapping[str, int], *, secure: bool) -> dict[str, str]:
    listen = {f"CARE_{name.upper()}_LISTEN": f"{HOST}:{port}{' ssl' * secure}" for name, port in ports.items()}
    addresses = {f"CARE_{name.upper()}_ADDRESS": services.get(name, NOTHING_THERE) for name in SERVICES}
    own = {"CARE_NGINX_FOLDER": str(folder), "NGINX_LOCAL_RESOLVERS": HOST}
    return {**own, **listen, **addresses}


def filled(template: str, given: Mapping[str, str]) -> str:
    """Fill in a template as the container of nginx does: what is not named stays as it is."""
    return re.sub(r"\$\{(CARE_[A-Z_]+|NGINX_LOCAL_RESOLVERS)\}", lambda found: given[found.group(1)], template)
