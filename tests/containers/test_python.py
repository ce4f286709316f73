"""The suite on a newer Python than that of the image, in a container, with its servers in containers, too."""

import os
import shutil
from pathlib import Path

import pytest

from deploy.stack.layout import PROJECT
from tests.containers.stack import required_command, run
from tests.support import containers

pytestmark = pytest.mark.nightly
PYTHON = "python:3.13-slim"
NOT_COPIED = (".git", ".venv", ".care*", ".*_cache", ".hypothesis", "__pycache__", "build")
TESTS = ("tests/unit", "tests/contracts", "tests/architecture", "tests/integration")
# Everything goes to standard error, which a failure shows.
SCRIPT = """
exec >&2
export HOME=/tmp
python -m venv /tmp/venv
/tmp/venv/bin/pip install --quiet --require-hashes -r deploy/requirements/dev.txt
/tmp/venv/bin/python -m pytest --quiet "$@"
"""


async def test_the_suite_passes_on_a_newer_python(tmp_path: Path) -> None:
    engine, *_ = required_command()
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(*NOT_COPIED))
    place = ("--network=host", f"--volume={project}:/project", "--workdir=/project", f"--user={os.getuid()}")
    image = f"{os.environ.get('IMAGE_PREFIX', '')}{PYTHON}"
    async with containers.infrastructure(tmp_path / "data") as running:
        told = {
            "CARE_POSTGRES_ADMIN_URL": running.postgres_admin_url,
            "CARE_KAFKA_BOOTSTRAP": running.kafka_bootstrap,
            **{name: os.environ[name] for name in ("PIP_INDEX_URL",) if name in os.environ},
        }
        variables = [f"--env={name}={value}" for name, value in told.items()]
        run([engine, "run", "--rm", *place, *variables, image, "sh", "-e", "-c", SCRIPT, "sh", *TESTS])
