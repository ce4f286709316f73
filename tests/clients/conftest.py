"""Fixtures of the tests of generated clients: the product, and the folders with the installed generators."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.stack.infrastructure import temporary_data_dir
from services import openapi
from tests.support.product import Product, running_product

ROOT = Path(__file__).parents[2]
JAVASCRIPT = Path(__file__).parent / "javascript"
FILES = ("package.json", "package-lock.json", "redocly.yaml", "flow.ts")
REQUIREMENTS = ROOT / "deploy/requirements/clients.txt"
INSTALL_TIMEOUT_SECONDS = 300


@pytest.fixture(scope="package")
async def product() -> AsyncIterator[Product]:
    with temporary_data_dir() as data_dir:
        async with running_product(data_dir) as made:
            yield made


@pytest.fixture(scope="package")
def javascript() -> Path:
    """Return a folder below build/ with the installed packages, the program and the documents of the services."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so no generator for TypeScript can run")
    folder = below_build("clients-js", *(JAVASCRIPT / name for name in FILES))
    for source in (*(JAVASCRIPT / name for name in FILES), *map(openapi.committed, openapi.SERVICES)):
        shutil.copy(source, folder)
    if not (folder / "node_modules/.package-lock.json").exists():
        run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return folder


@pytest.fixture(scope="package")
def generator() -> Path:
    """Return the folder of the programs of an environment with openapi-python-client, installed below build/."""
    folder = below_build("clients-python", REQUIREMENTS)
    if not (folder / "bin/openapi-python-client").exists():
        run(folder, sys.executable, "-m", "venv", ".")
        run(folder, "bin/python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS))
    return folder / "bin"


def below_build(name: str, *sources: Path) -> Path:
    """Return a folder that is another one when a source changes."""
    content = b"".join(source.read_bytes() for source in sources)
    folder = ROOT / "build" / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(folder: Path, *command: str) -> str:
    """Run a program in `folder` and return what it prints."""
    done = subprocess.run(
        command, cwd=folder, check=False, timeout=INSTALL_TIMEOUT_SECONDS, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
