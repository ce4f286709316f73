"""The rules of our code that no linter knows, each a function from one parsed file to its violations."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

Rule = Callable[[PurePath, ast.Module], list[str]]

PACKAGES = ("contracts", "chassis", "services", "deploy", "demo")
MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 300

IMPURE_MODULES = {"aiokafka", "asyncio", "asyncpg", "httpx", "random", "secrets", "socket", "time"}
IMPURE_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid1", "uuid4"}
PURE_FOLDERS_OF_A_SERVICE = ("commands", "domain")
PURE_FILE = "policy"
CONTRACTS_OF_NO_DOMAIN = {
    f"contracts.{name}"
    for name in ("cloudevents", "event", "money", "structs", "topics", "types", "field_error", "version", "watermark")
} | {
    # Work calendars are the same for followup, which publishes them, and for alerts.
    "contracts.followup.calendar"
}
BROAD_ERRORS = {"Exception", "BaseException"}

# Each of these files answers for work it did not write, and must see whatever ended it.
MAY_CATCH_EVERYTHING = {
    "chassis/consume/isolation.py": "whatever an event does to a handler, it is found and parked, and the others flow",
    "chassis/consume/applier.py": "whatever an event does to a handler, its customer is parked and the others flow",
    "chassis/consume/newer_events.py": "a customer whose replay fails stays parked, and the others flow",
    "chassis/store/group_commit.py": "whatever a commit raises goes to the callers whose items it was about",
    "chassis/consume/inbound.py": "whatever a message does to us, it is parked and the others flow",
    "chassis/files/row_import.py": "whatever a row does to us, it fails alone and the other rows are imported",
    "services/alerts/detection/pending_timer.py": "whatever stops the changes of one alert, the others are appended",
    "services/alerts/ladder/reading.py": "whatever stops the reading of one alert, the others are read",
    "services/alerts/ladder/timer.py": "whatever stops a rung of one alert, the others are reached",
    "chassis/runtime/supervisor.py": "whatever ends a task is logged and counted, and the task is started again",
}


def violations(root: Path, rule: Rule) -> list[str]:
    """Return what `rule` finds in our packages below `root`, each led by the file's path."""
    return [
        f"{path.relative_to(root).as_posix()}: {finding}"
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        for finding in rule(path.relative_to(root), ast.parse(path.read_text(encoding="utf-8")))
    ]


def values_are_refused_in_two_languages(path: PurePath, tree: ast.Module) -> list[str]:
    """What is checked at the edge is told to people: by a FieldError, which speaks Chinese too."""
    if path.parts[0] not in {"contracts", "services"}:
        return []
    raised = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise))
    return [
        f"line {error.lineno} raises a ValueError"
        for error in raised
        if isinstance(error, ast.Call) and ast.unparse(error.func) == "ValueError"
    ]


def contracts_import_pydantic_only(path: PurePath, tree: ast.Module) -> list[str]:
    """Find what the contracts import beside pydantic; only the structs that read events need msgspec."""
    if path.parts[0] != "contracts":
        return []
    readers = {"msgspec"} if path == PurePath("contracts/structs.py") else set()
    allowed = sys.stdlib_module_names | {"pydantic", "contracts"} | readers
    return [f"imports {name}" for name in _imports(tree) if name.split(".")[0] not in allowed]


def chassis_knows_no_domain(path: PurePath, tree: ast.Module) -> list[str]:
    """Find what the chassis imports of the facts of one domain: who uses it hands those in."""
    if path.parts[0] != "chassis":
        return []
    known = (name for name in _imports(tree) if name.split(".")[0] == "contracts")
    return [f"imports {name}" for name in known if name not in CONTRACTS_OF_NO_DOMAIN]


def pure_modules_touch_no_world(path: PurePath, tree: ast.Module) -> list[str]:
    if not is_pure(path):
        return []
    imports = [f"imports {name}" for name in _imports(tree) if name.split(".")[0] in IMPURE_MODULES]
    calls = [f"line {call.lineno} calls {ast.unparse(call.func)}" for call in _calls(tree) if _is_impure(call)]
    return imports + calls


def is_pure(path: PurePath) -> bool:
    """Say whether a file must be a pure function of its input; each name may be a file or a folder."""
    match path.parts:
        case ("contracts", *_):
            return True
        case ("services", "alerts", name, *_) if name.startswith("engine"):
            return True
        case ("services", _, name, *_):
            return name.startswith(PURE_FOLDERS_OF_A_SERVICE) or path.stem == PURE_FILE
        case _:
            return False


def errors_are_caught_by_name(path: PurePath, tree: ast.Module) -> list[str]:
    """Find handlers that swallow everything. One that ends by raising does not carry on, and may stand."""
    if path.as_posix() in MAY_CATCH_EVERYTHING:
        return []
    handlers = [
        f"line {node.lineno} catches everything"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _ends_by_raising(node)
    ]
    suppressed = [
        f"line {call.lineno} suppresses everything"
        for call in _calls(tree)
        if _last_name(call.func) == "suppress" and any(map(_is_broad, call.args))
    ]
    return handlers + suppressed


def functions_fit_a_screen(path: PurePath, tree: ast.Module) -> list[str]:  # noqa: ARG001 - a rule's shape
    return [
        f"{node.name} has {lines} lines, {MAX_FUNCTION_LINES} are allowed"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


def middleware_is_plain_asgi(path: PurePath, tree: ast.Module) -> list[str]:  # noqa: ARG001 - a rule's shape
    """Find BaseHTTPMiddleware, which breaks streaming, context variables and cancellation."""
    return [
        f"line {node.lineno} uses BaseHTTPMiddleware"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and _last_name(node) == "BaseHTTPMiddleware"
    ]


def long_files(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root).as_posix()}: {lines} lines, {MAX_FILE_LINES} are allowed"
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    ]


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _is_impure(call: ast.Call) -> bool:
    """Compare by the end of the name: `datetime.datetime.now` and `uuid.uuid4` are meant too."""
    parts = ast.unparse(call.func).split(".")
    return parts[-1] in IMPURE_CALLS or ".".join(parts[-2:]) in IMPURE_CALLS


def _is_broad(error: ast.expr | None) -> bool:
    if isinstance(error, ast.Tuple):
        return any(map(_is_broad, error.elts))
    return error is None or _last_name(error) in BROAD_ERRORS


def _ends_by_raising(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def _last_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.alias(name=name):
            return name.split(".")[-1]
        case _:
            return ""
