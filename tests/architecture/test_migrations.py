"""The migrations of a database have different numbers, also those of packages that it shares with other services."""

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from deploy.stack.schemas import SCHEMAS

# A pipeline names the branch that a change is for; at the desk, the last commit is what is published.
BASE = os.environ.get("CARE_CONTRACTS_BASE", "HEAD")


@pytest.mark.parametrize("service", SCHEMAS)
def test_no_two_migrations_of_a_database_have_the_same_number(service: str) -> None:
    names = [file.name for folder in SCHEMAS[service].migrations for file in folder.glob("*.sql")]
    numbers = Counter(name.partition("_")[0] for name in names)
    assert [name for name in names if numbers[name.partition("_")[0]] > 1] == []


@pytest.mark.parametrize("service", SCHEMAS)
def test_a_migration_follows_all_that_the_last_commit_has(service: str) -> None:
    """One with a lower number is applied after them when a database is upgraded, in an order that no test runs."""
    folders = SCHEMAS[service].migrations
    before = {name for folder in folders for name in published(folder)}
    added = {file.name for folder in folders for file in folder.glob("*.sql")} - before
    assert [name for name in added if name < max(before)] == []


def published(folder: Path) -> list[str]:
    """Return the names of the migrations of the commit that a change is for."""
    if shutil.which("git") is None:
        pytest.skip("no git")
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", BASE, "./"], cwd=folder, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git history")
    return [name for name in listed.stdout.split() if name.endswith(".sql")]
