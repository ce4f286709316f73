"""Fixtures of the tests of the local stack."""

from pathlib import Path

import pytest

from deploy.stack import registry


@pytest.fixture(autouse=True)
def _own_registry(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stacks of a test are not offered to the user's commands, nor those of the user to a test."""
    folder: Path = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(registry, "cache_folder", lambda: folder)
