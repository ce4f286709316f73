"""The fingerprint of a fold changes with every module that the fold may run, and with no other."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from chassis.commands import fingerprint as fingerprints
from chassis.commands.fingerprint import fingerprint, reached_from
from services.customer.domain import CUSTOMER
from services.followup.domain.complaint import COMPLAINT

MODULES = {
    "__init__": "",
    "fold": "from folding import rules\nimport folding.words\n\ndef evolve(state, _):\n    return rules.added(state)\n",
    "rules": "from folding.numbers import ONE\n\ndef added(state):\n    return state + ONE\n",
    "numbers": "ONE = 1\n",
    "words": "",
    "other": "from folding import fold\n",
}


@pytest.fixture
def folding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A small project whose fold imports other modules, one of them indirectly."""
    (tmp_path / "folding").mkdir()
    for name, source in MODULES.items():
        (tmp_path / "folding" / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fingerprints, "PROJECT", ("folding",))
    importlib.import_module("folding.other")
    yield sys.modules["folding.fold"]
    for name in [name for name in sys.modules if name.split(".")[0] == "folding"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("changed", "is_another"),
    [("fold", True), ("rules", True), ("numbers", True), ("words", True), ("other", False)],
)
def test_a_fold_is_another_when_what_it_imports_changes(
    folding: ModuleType, tmp_path: Path, changed: str, is_another: bool
) -> None:
    before = fingerprint(folding.evolve)
    assert fingerprint(folding.evolve) == before
    (tmp_path / "folding" / f"{changed}.py").write_text("# changed\n")
    assert (fingerprint(folding.evolve) != before) is is_another


def test_the_fold_of_a_customer_has_its_rules_types_and_events_and_no_server() -> None:
    reached = reached_from(CUSTOMER.evolve.__module__)
    assert {"services.customer.domain.state", "services.customer.domain.tiers"} <= reached
    assert {"services.customer.commands.record", "contracts.customer", "contracts.types"} <= reached
    assert not any(name.startswith(("chassis.postgres", "chassis.http", "services.customer.api")) for name in reached)


def test_the_fold_of_a_complaint_has_the_shipped_policy_whose_values_are_its_defaults() -> None:
    assert "services.followup.shipped.complaint_policy" in reached_from(COMPLAINT.evolve.__module__)
