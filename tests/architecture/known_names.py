"""The names that documentation may use: read from the code and from the documents that are generated from it."""

import json
import re
from functools import cache
from pathlib import Path

from chassis.runtime.settings import Settings

PACKAGES = ("contracts", "chassis", "services", "deploy", "demo", "tests")
SERVICES = ("customer", "followup", "alerts", "reporting")

WIRE_NAME = re.compile(r"\bcare\.[a-z0-9*.-]+\.v\d+\b")
METRIC = re.compile(r"\bcare_[a-z_]+\b")
SETTING = re.compile(r"\bCARE_[A-Z_]+\b")
_COMMAND = re.compile(r'"([a-z-]+)": "\w+\.\w+"')
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


@cache
def routes(root: Path) -> dict[tuple[str, ...], set[str]]:
    """Return the methods of each path that a service documents, by the parts of the path."""
    methods: dict[tuple[str, ...], set[str]] = {}
    for document in sorted((root / "contracts/generated/openapi").glob("*.json")):
        for path, operations in json.loads(document.read_text(encoding="utf-8"))["paths"].items():
            methods.setdefault(tuple(path.strip("/").split("/")), set()).update(map(str.upper, operations))
    return methods


@cache
def wire_names(root: Path) -> set[str]:
    """Return the topics and types of the published documents, which a test keeps equal to the code."""
    return types(root) | set(WIRE_NAME.findall(_source(root, "contracts/generated/asyncapi.json")))


@cache
def types(root: Path) -> set[str]:
    return {path.stem for path in (root / "contracts/generated/schemas").glob("*.json")}


@cache
def events(root: Path) -> set[str]:
    """Return the types without what is around their names: `order-placed`."""
    return {name.split(".")[-2] for name in types(root)}


@cache
def settings(root: Path) -> set[str]:
    """Return the settings of a service, the addresses that a stack prints, and whatever else our code reads."""
    of_a_service = {f"CARE_{name.upper()}" for name in Settings.model_fields}
    of_a_stack = {f"CARE_{service.upper()}_{kind}" for service in SERVICES for kind in ("URL", "DATABASE_URL")}
    in_code = {
        name
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
        if path.parent != Path(__file__).parent
        for name in SETTING.findall(path.read_text(encoding="utf-8"))
    }
    return of_a_service | of_a_stack | in_code


@cache
def metrics(root: Path) -> set[str]:
    """Return the metrics, and the databases and their roles, which are called care_SERVICE."""
    return set(METRIC.findall(_source(root, "chassis/runtime/metrics.py"))) | {f"care_{name}" for name in SERVICES}


@cache
def make_targets(root: Path) -> set[str]:
    return set(_TARGET.findall(_source(root, "Makefile")))


@cache
def care_commands(root: Path) -> set[str]:
    return set(_COMMAND.findall(_source(root, "deploy/care/__main__.py")))


def _source(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8")
