"""The rules of documentation: what a page names exists. Each rule returns the names that do not."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tests.architecture import known_names
from tests.architecture.pages import Page, read_page
from tests.security.scan import OPEN

Rule = Callable[[Page, Path], list[str]]

FOLDERS = (*known_names.PACKAGES, "docs", ".ci")
# What a histogram is scraped as: its name, and one of these.
METRIC_PARTS = ("_bucket", "_count", "_sum")
# The types of problems look like endings of routes.
PROBLEM_TYPES = "/problems/"

_PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*{{}},…-]*")
_TEST_FILE = re.compile(r"(?<![\w/])test_\w+\.py")
_ALTERNATIVES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_ROUTE = re.compile(r"(?:\b(GET|POST|PUT|PATCH|DELETE) )?(?:https?://[\w.:]+)?(/v1/[\w{}$,…./:@%-]+)")
# `…/acceptance`, or `/acceptance` after a route that is written in full.
_ROUTE_ENDING = re.compile(r"(?:(GET|POST|PUT|PATCH|DELETE) )?…?((?:/(?:[a-z-]+|\{\w+\}))+)(?:\?.*)?")
_PROBE = re.compile(r"(?<![\w/.-])/[a-z]+z\b")
_WIRE_FAMILY = re.compile(r"\bcare\.[a-z0-9.-]+\.\*(?!\w|\.\w|-\w)")
_EVENT = re.compile(r"`(-?[a-z]+(?:-[a-z]+)*)`")
_MAKE = re.compile(r"(?:^|[\s$`(])make (?:-\w+ )*([a-z]+)", re.MULTILINE)
_CARE = re.compile(r"\./care ([a-z][a-z-]*)")
_MODULE = re.compile(r"\bpython -m ([\w.]+)")


def links_resolve(page: Page, root: Path) -> list[str]:
    return [link for link in page.links if not _resolves(link, page, root)]


def paths_exist(page: Page, root: Path) -> list[str]:
    named = [path.rstrip(".,") for span in page.spans for path in _PATH.findall(span)]
    tests = [name for span in page.spans for name in _TEST_FILE.findall(span)]
    return [path for path in named if not _is_there(path, root)] + [
        name for name in tests if not any((root / "tests").rglob(name))
    ]


def routes_exist(page: Page, root: Path) -> list[str]:
    """Find routes, and methods of routes, that no OpenAPI document has; and probes that no service answers."""
    named = {
        (method, path.rstrip(".:,")) for method, whole in _ROUTE.findall(page.text) for path in _alternatives(whole)
    }
    unknown = [f"{method} {path}".strip() for method, path in sorted(named) if not _is_route(method, path, root)]
    return unknown + [probe for span in page.spans for probe in _PROBE.findall(span) if probe not in OPEN]


def route_endings_exist(page: Page, root: Path) -> list[str]:
    """Find endings of routes, written for short without the beginning, that no documented route has."""
    endings = [match.groups() for span in page.spans if (match := _ROUTE_ENDING.fullmatch(span))]
    return [path for method, path in endings if not _is_ending(method, path, root)]


def wire_names_exist(page: Page, root: Path) -> list[str]:
    """Find topics and event types that the contracts do not declare; `*` stands for any part of a name."""
    known = known_names.wire_names(root)
    patterns = known_names.WIRE_NAME.findall(page.text) + _WIRE_FAMILY.findall(page.text)
    return [name for name in patterns if not any(fnmatchcase(each, name) for each in known)]


def events_exist(page: Page, root: Path) -> list[str]:
    """Find events that nobody publishes, in columns headed Event: `order-placed`, or `-placed` for short."""
    published = known_names.events(root)
    named = [name for cell in page.cells("Event") for name in _EVENT.findall(cell)]
    return [name for name in named if name not in published and not (name[0] == "-" and _ends_one(name, published))]


def metrics_exist(page: Page, root: Path) -> list[str]:
    known = known_names.metrics(root)
    return [name for name in known_names.METRIC.findall(page.text) if not {name, _without_part(name)} & known]


def settings_exist(page: Page, root: Path) -> list[str]:
    return [name for name in known_names.SETTING.findall(page.text) if name not in known_names.settings(root)]


def make_targets_exist(page: Page, root: Path) -> list[str]:
    targets = known_names.make_targets(root)
    return [name for code in page.code for name in _MAKE.findall(code) if name not in targets]


def care_commands_exist(page: Page, root: Path) -> list[str]:
    commands = known_names.care_commands(root)
    return [name for code in page.code for name in _CARE.findall(code) if name not in commands]


def modules_exist(page: Page, root: Path) -> list[str]:
    """Find modules of ours that `python -m` cannot run; a part in capitals, such as NAME, is for the reader to fill."""
    named = [name for code in page.code for name in _MODULE.findall(code)]
    ours = [name for name in named if name.split(".")[0] in known_names.PACKAGES and not re.search(r"\.[A-Z]+$", name)]
    return [name for name in ours if not _is_module(root / name.replace(".", "/"))]


def _resolves(link: str, page: Page, root: Path) -> bool:
    path, _, anchor = link.partition("#")
    target = (root / page.path.parent / path).resolve() if path else root / page.path
    if not anchor:
        return target.exists()
    linked = page if not path else read_page(root.resolve(), target) if target.is_file() else None
    return linked is not None and anchor in linked.anchors


def _is_there(path: str, root: Path) -> bool:
    """Say whether a path, or a path for each of its alternatives, exists; `{x}` and `…` stand for anything."""
    patterns = [re.sub(r"\{[^}]*\}|…", "*", each).strip("/") for each in _alternatives(path)]
    return all(any(root.glob(pattern)) for pattern in patterns)


def _alternatives(text: str) -> Iterator[str]:
    """Yield `a/x` and `b/x` for `{a,b}/x`."""
    parts = _ALTERNATIVES.split(text)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return map("".join, itertools.product(*choices))


def _is_route(method: str, path: str, root: Path) -> bool:
    parts = path.strip("/").split("/")
    return any(
        (not method or method in methods) and _fits(parts, template)
        for template, methods in known_names.routes(root).items()
    )


def _is_ending(method: str | None, path: str, root: Path) -> bool:
    if path.startswith(("/v1", PROBLEM_TYPES)) or _PROBE.match(path) or path in OPEN:
        return True
    parts = _without_names(path.strip("/").split("/"))
    return any(
        (not method or method in methods) and _without_names(template)[-len(parts) :] == parts
        for template, methods in known_names.routes(root).items()
    )


def _without_names(parts: Sequence[str]) -> list[str]:
    return ["{}" if part.startswith("{") else part for part in parts]


def _fits(parts: list[str], template: tuple[str, ...]) -> bool:
    """Compare part by part: a placeholder of the document takes any id, a placeholder of the page only fits one."""
    if parts[-1] == "…":
        parts, template = parts[:-1], template[: len(parts) - 1]
    return len(parts) == len(template) and all(
        known.startswith("{") or part == known for part, known in zip(parts, template, strict=True)
    )


def _ends_one(ending: str, names: Iterable[str]) -> bool:
    return any(name.endswith(ending) for name in names)


def _without_part(metric: str) -> str:
    return next((metric.removesuffix(part) for part in METRIC_PARTS if metric.endswith(part)), metric)


def _is_module(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
