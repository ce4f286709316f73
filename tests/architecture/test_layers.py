"""The walls that pyproject.toml describes hold: import-linter finds what is seeded through them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "contracts",
    "chassis",
    "services",
    "services/customer",
    "services/followup",
    "services/alerts",
    "services/reporting",
    "deploy",
    "demo",
)
ALLOWED = [
    ("services/alerts/api.py", "import chassis.core, contracts.core"),
    ("chassis/store.py", "import contracts.core"),
    ("demo/story.py", "import services.customer.core, deploy.core"),
]
FORBIDDEN = [
    ("contracts/customer.py", "import chassis.core", "Imports run downhill"),
    ("contracts/customer.py", "import services.customer.core", "Imports run downhill"),
    ("chassis/web.py", "from services.alerts import core", "Imports run downhill"),
    ("services/alerts/engine.py", "from services.customer import core", "No service imports another"),
    (
        "services/reporting/kpi.py",
        "def f():\n    import services.followup.core",
        "No service imports another",
    ),
    ("services/customer/api.py", "import demo.core", "The product imports neither"),
    ("chassis/settings.py", "from deploy.core import x", "The product imports neither"),
    ("contracts/examples.py", "import demo.core", "The product imports neither"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our packages, next to nothing in them, and our own walls."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "core.py").write_text("x = 1\n")
    return tmp_path


def test_imports_that_run_downhill_pass(project: Path) -> None:
    for path, source in ALLOWED:
        (project / path).write_text(source)

    finished = _lint(project)

    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize(("path", "source", "wall"), FORBIDDEN)
def test_an_import_through_a_wall_is_found(project: Path, path: str, source: str, wall: str) -> None:
    (project / path).write_text(source)

    finished = _lint(project)

    broken = [line for line in finished.stdout.splitlines() if line.endswith("BROKEN")]
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert len(broken) == 1
    assert broken[0].startswith(wall)


def _lint(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=300)
