"""Starts single processes of the product, like the local stack, on the benchmark's own database."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from deploy.stack import credentials, databases, layout
from deploy.stack.child import Child
from deploy.stack.layout import Layout
from tests.bench.harness.measuring import PROJECT, Bed, answers_well
from tests.support.processes import is_it
from tests.support.servers import Database


def environment(bed: Bed, ports: Layout, database: Database, service: str = "customer") -> dict[str, str]:
    """Return what a process of the service is told."""
    infrastructure, secrets = bed.servers.infrastructure, credentials.load(bed.data_dir)
    urls = databases.urls(infrastructure.postgres_admin_url, secrets)
    told = layout.service_environment(service, ports, urls, infrastructure, secrets)
    return told | {"CARE_DATABASE_URL": database.app}


def python(name: str, module: Sequence[str], url: str, bed: Bed, told: Mapping[str, str]) -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-m", *module],
        log=bed.data_dir / "logs" / f"{name}.log",
        ready=partial(answers_well, f"{url}/readyz"),
        environment=told,
        folder=PROJECT,
    )


def issuer(bed: Bed, ports: Layout) -> Child:
    return Child(
        name="issuer",
        command=[sys.executable, "-m", "deploy.stack.issuer", str(bed.data_dir.absolute()), str(ports.base)],
        log=bed.data_dir / "logs" / "issuer.log",
        ready=partial(answers_well, f"{ports.issuer}/"),
        folder=PROJECT,
    )


def resident_megabytes(module: str, port: str) -> float:
    """Return how much memory the process that runs `module` on `port` has resident."""
    return resident_megabytes_of(process_of(module, port))


def resident_megabytes_of(process: Path) -> float:
    line = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def processor_seconds_of(process: Path) -> float:
    """Return how much processor time a process has used, in user and kernel mode."""
    user, kernel = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(kernel)) / os.sysconf("SC_CLK_TCK")


def process_of(module: str, port: str) -> Path:
    """Return the folder in /proc of the process that runs `module` on `port`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_it(entry, module, port):
            return entry
    raise LookupError(f"no process runs {module} on {port}")
