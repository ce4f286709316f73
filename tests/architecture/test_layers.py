"""The walls that pyproject.toml describes hold: import-linter finds what is seeded through them."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("customer", "followup", "alerts", "reporting")
LAYERED = {"chassis-layers": "chassis", **{f"{name}-layers": f"services.{name}" for name in SERVICES}}
PURE = "Pure modules import no"
ALLOWED = [
    ("services/alerts/api/core.py", "import chassis.store.core, contracts.core, services.alerts.engine.core"),
    ("chassis/store/core.py", "import contracts.core"),
    ("demo/story.py", "import services.customer.domain.core, deploy.core"),
]
FORBIDDEN = [
    ("contracts/customer.py", "import chassis.store.core", "Services import chassis"),
    ("contracts/customer.py", "import services.customer.schema.core", "Services import chassis"),
    ("chassis/store/core.py", "from services.alerts.schema import core", "Services import chassis"),
    ("services/alerts/engine/core.py", "from services.customer.schema import core", "No service imports another"),
    (
        "services/reporting/queries/core.py",
        "def f():\n    import services.followup.schema.core",
        "No service imports another",
    ),
    ("services/customer/api/core.py", "import demo.core", "The product imports neither"),
    ("chassis/runtime/core.py", "from deploy.core import x", "The product imports neither"),
    ("contracts/examples.py", "import demo.core", "The product imports neither"),
    ("chassis/store/core.py", "import chassis.http.core", "A package of the chassis"),
    ("chassis/runtime/core.py", "from chassis.postgres import core", "A package of the chassis"),
    ("chassis/newcomer.py", "x = 1", "A package of the chassis"),
    ("services/customer/domain/core.py", "import services.customer.projection.core", "A package of customer"),
    ("services/followup/plans/core.py", "from services.followup.api import core", "A package of followup"),
    ("services/alerts/newcomer.py", "x = 1", "A package of alerts"),
    ("services/reporting/queries/core.py", "import services.reporting.reports.core", "A package of reporting"),
    ("services/followup/domain/core.py", "import asyncpg", PURE),
    ("services/customer/commands/core.py", "import chassis.http.core", PURE),
    ("services/alerts/engine/core.py", "import chassis.postgres.core", PURE),
    ("services/followup/plans/policy.py", "from chassis.consume import core", PURE),
]
# What pure modules must not reach, and our own modules that lead there.
WORLD = {
    "chassis/postgres/core.py": "import asyncpg",
    "chassis/http/core.py": "import fastapi",
    "chassis/consume/core.py": "import aiokafka",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our packages, almost empty, and our import contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module in ("contracts.core", "deploy.core", "demo.core", *_layers(), *_pure()):
        _write(tmp_path / f"{_module(module).replace('.', '/')}.py", "x = 1\n")
    for path, source in WORLD.items():
        _write(tmp_path / path, source)
    return tmp_path


def _layers() -> Iterator[str]:
    """Yield the packages and modules that the contracts of layers name."""
    for contract, container in LAYERED.items():
        for layer in _contract(contract)["layers"]:
            yield from (f"{container}.{name}" for name in layer.split(" | "))


def _module(name: str) -> str:
    """Return the name of a module, and of a module in it where the name is that of a package."""
    return name if name.endswith(".core") or (ROOT / f"{name.replace('.', '/')}.py").exists() else f"{name}.core"


def _pure() -> set[str]:
    """Return the modules and packages that the contract of purity names, as far as a service has them."""
    named = {name.replace("*", service) for name in _contract("pure")["source_modules"] for service in SERVICES}
    return {
        name for name in named if (path := ROOT / name.replace(".", "/")).is_dir() or path.with_suffix(".py").exists()
    }


def _contract(contract_id: str) -> Any:
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return next(each for each in linted["contracts"] if each["id"] == contract_id)


def _write(path: Path, source: str) -> None:
    """Write a module, and make packages of the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    folder = path.parent
    while not (folder / "pyproject.toml").exists():
        (folder / "__init__.py").touch()
        folder = folder.parent


def test_imports_that_run_downhill_pass(project: Path) -> None:
    for path, source in ALLOWED:
        _write(project / path, source)

    finished = _lint(project)

    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize(("path", "source", "wall"), FORBIDDEN)
def test_an_import_through_a_wall_is_found(project: Path, path: str, source: str, wall: str) -> None:
    _write(project / path, source)

    finished = _lint(project)

    broken = [line for line in finished.stdout.splitlines() if line.endswith("BROKEN")]
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert len(broken) == 1
    assert broken[0].startswith(wall)


def test_a_module_that_calls_itself_pure_is_held_to_it() -> None:
    held = tuple(f"{name}." for name in _pure())
    unheld = [
        module
        for path in sorted(ROOT.glob("*/**/*.py"))
        if path.relative_to(ROOT).parts[0] in {"contracts", "chassis", "services"}
        and "Pure." in (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
        and not (module := ".".join(path.relative_to(ROOT).with_suffix("").parts) + ".").startswith(held)
    ]

    assert unheld == []


def _lint(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=300)
