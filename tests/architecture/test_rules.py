"""Our code keeps its own rules, and each rule is shown a violation that it must find."""

from pathlib import Path

import pytest

from tests.architecture import rules

ROOT = Path(__file__).parents[2]

RULES = (
    rules.contracts_import_pydantic_only,
    rules.chassis_knows_no_domain,
    rules.pure_modules_touch_no_world,
    rules.errors_are_caught_by_name,
    rules.functions_fit_a_screen,
    rules.middleware_is_plain_asgi,
    rules.values_are_refused_in_two_languages,
)

LONG_FUNCTION = "def long():\n" + "    x = 1\n" * rules.MAX_FUNCTION_LINES

VIOLATIONS = [
    (rules.values_are_refused_in_two_languages, "services/customer/commands/x.py", 'raise ValueError("no")'),
    (rules.contracts_import_pydantic_only, "contracts/customer.py", "import fastapi"),
    (rules.contracts_import_pydantic_only, "contracts/customer.py", "import msgspec"),
    (rules.contracts_import_pydantic_only, "contracts/customer.py", "from chassis.commands.decider import Decider"),
    (rules.chassis_knows_no_domain, "chassis/consume/consumer.py", "from contracts.customer import Registered"),
    (rules.chassis_knows_no_domain, "chassis/store/mapper.py", "from contracts import alerts"),
    (rules.pure_modules_touch_no_world, "contracts/event.py", "import random"),
    (rules.pure_modules_touch_no_world, "services/customer/domain.py", "import asyncpg"),
    (rules.pure_modules_touch_no_world, "services/customer/domain/stages.py", "from time import sleep"),
    (rules.pure_modules_touch_no_world, "services/followup/commands.py", "def f():\n    import asyncio"),
    (rules.pure_modules_touch_no_world, "services/followup/plans/policy.py", "now = datetime.now(UTC)"),
    (rules.pure_modules_touch_no_world, "services/alerts/engine/silence.py", "now = datetime.datetime.now()"),
    (rules.pure_modules_touch_no_world, "services/alerts/engine.py", "name = uuid.uuid4()"),
    (rules.errors_are_caught_by_name, "chassis/publish/relay.py", "try:\n    f()\nexcept Exception:\n    pass"),
    (rules.errors_are_caught_by_name, "services/alerts/api/alerts.py", "try:\n    f()\nexcept:\n    pass"),
    (
        rules.errors_are_caught_by_name,
        "demo/x.py",
        "try:\n    f()\nexcept (OSError, BaseException):\n    log()",
    ),
    (
        rules.errors_are_caught_by_name,
        "deploy/x.py",
        "with contextlib.suppress(builtins.Exception):\n    f()",
    ),
    (rules.functions_fit_a_screen, "services/reporting/kpi.py", LONG_FUNCTION),
    (rules.functions_fit_a_screen, "demo/run.py", "async " + LONG_FUNCTION),
    (
        rules.middleware_is_plain_asgi,
        "chassis/http/web.py",
        "from starlette.middleware.base import BaseHTTPMiddleware",
    ),
    (
        rules.middleware_is_plain_asgi,
        "chassis/http/web.py",
        "class Slow(base.BaseHTTPMiddleware):\n    pass",
    ),
]

INNOCENT = [
    ("contracts/event.py", "from datetime import datetime\nfrom pydantic import BaseModel"),
    ("contracts/structs.py", "import msgspec"),
    ("services/customer/api.py", "import asyncio\nnow = datetime.now(UTC)"),
    ("services/customer/domain.py", "from datetime import datetime\nfrom services.customer import commands"),
    ("chassis/publish/relay.py", "try:\n    f()\nexcept OSError:\n    pass"),
    ("chassis/publish/relay.py", "try:\n    f()\nexcept BaseException:\n    undo()\n    raise"),
    ("chassis/http/web.py", "def fits():\n" + "    x = 1\n" * (rules.MAX_FUNCTION_LINES - 1)),
]


@pytest.mark.parametrize("rule", RULES)
def test_our_code_keeps_the_rule(rule: rules.Rule) -> None:
    assert rules.violations(ROOT, rule) == []


def test_no_file_of_ours_is_too_long() -> None:
    assert rules.long_files(ROOT) == []


@pytest.mark.parametrize(("rule", "path", "source"), VIOLATIONS)
def test_a_violation_is_found(tmp_path: Path, rule: rules.Rule, path: str, source: str) -> None:
    _write(tmp_path / path, source)

    found = rules.violations(tmp_path, rule)

    assert len(found) == 1
    assert found[0].startswith(path)


@pytest.mark.parametrize(("path", "source"), INNOCENT)
def test_innocent_code_is_left_alone(tmp_path: Path, path: str, source: str) -> None:
    _write(tmp_path / path, source)

    assert [found for rule in RULES for found in rules.violations(tmp_path, rule)] == []


def test_a_file_over_the_limit_is_found(tmp_path: Path) -> None:
    _write(tmp_path / "demo/fits.py", "x = 1\n" * rules.MAX_FILE_LINES)
    _write(tmp_path / "demo/long.py", "x = 1\n" * (rules.MAX_FILE_LINES + 1))

    assert [found.split(":")[0] for found in rules.long_files(tmp_path)] == ["demo/long.py"]


def test_a_file_that_may_catch_everything_may_do_so(tmp_path: Path) -> None:
    for path in rules.MAY_CATCH_EVERYTHING:
        _write(tmp_path / path, "try:\n    f()\nexcept Exception:\n    log()")

    assert rules.violations(tmp_path, rules.errors_are_caught_by_name) == []


def _write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
