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
PACKAGES = ("contracts", "chassis.store", *(f"services.{name}" for name in SERVICES), "deploy", "demo")
PURE = "Pure modules import no"
ALLOWED = [
    ("services/alerts/api.py", "import chassis.store.core, contracts.core"),
    ("chassis/store/core.py", "import contracts.core"),
    ("demo/story.py", "import services.customer.core, deploy.core"),
]
FORBIDDEN = [
    ("contracts/customer.py", "import chassis.store.core", "Services import chassis"),
    ("contracts/customer.py", "import services.customer.core", "Services import chassis"),
    ("chassis/http/web.py", "from services.alerts import core", "Services import chassis"),
    ("services/alerts/engine.py", "from services.customer import core", "No service imports another"),
    (
        "services/reporting/kpi.py",
        "def f():\n    import services.followup.core",
        "No service imports another",
    ),
    ("services/customer/api.py", "import demo.core", "The product imports neither"),
    ("chassis/runtime/settings.py", "from deploy.core import x", "The product imports neither"),
    ("contracts/examples.py", "import demo.core", "The product imports neither"),
    ("chassis/store/core.py", "import chassis.http.core", "A package of the chassis"),
    ("chassis/runtime/core.py", "from chassis.postgres import core", "A package of the chassis"),
    ("chassis/newcomer.py", "x = 1", "A package of the chassis"),
    ("services/followup/domain/core.py", "import asyncpg", PURE),
    ("services/customer/commands/core.py", "from services.customer import app", PURE),
    ("services/alerts/engine/core.py", "import chassis.postgres.core", PURE),
    ("services/followup/plans/policy.py", "from services.followup import core", PURE),
]
# What pure modules must not reach; the third parties, and our own modules that lead to them.
WORLD = {
    "chassis/postgres/core.py": "import asyncpg",
    "services/customer/app.py": "import chassis.http.core",
    "services/followup/core.py": "import chassis.consume.core",
    "chassis/http/core.py": "import fastapi",
    "chassis/consume/core.py": "import aiokafka",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our packages, next to nothing in them, and our own walls."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module in (*(f"{package}.core" for package in PACKAGES), *_named_in_contracts()):
        _write(tmp_path / f"{module.replace('.', '/')}.py", "x = 1\n")
    for path, source in WORLD.items():
        _write(tmp_path / path, source)
    return tmp_path


def _named_in_contracts() -> Iterator[str]:
    """Yield a module in each package, and each module, that a contract of pyproject.toml names."""
    for layer in _contract("chassis-layers")["layers"]:
        yield f"chassis.{layer}" if layer in {"cli", "service", "migrate"} else f"chassis.{layer}.core"
    for module in _pure():
        yield module if (ROOT / f"{module.replace('.', '/')}.py").exists() else f"{module}.core"


def _pure() -> set[str]:
    """Return the modules and packages that the contract of purity names."""
    return {name.replace("*", service) for name in _contract("pure")["source_modules"] for service in SERVICES}


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
