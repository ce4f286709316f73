"""Fingerprints of code: a digest of the source of a function's module, and of all modules of the project it imports."""

import ast
import hashlib
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = ("contracts", "chassis", "services")


def fingerprint(function: Callable[..., Any]) -> bytes:
    """Return a digest that changes with any code of the project that `function` may run, and with its types.

    It changes more often than need be, with a comment too. Libraries are not part of it.
    """
    digest = hashlib.sha256()
    for name in sorted(reached_from(function.__module__)):
        digest.update(name.encode() + b"\0" + hashlib.sha256(source_of(name)).digest())
    return digest.digest()


def reached_from(name: str) -> set[str]:
    """Return the module, and the modules of the project that it imports, directly or indirectly."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        if (each := ahead.pop()) not in found:
            found.add(each)
            ahead += imports_of(each)
    return found


@cache
def imports_of(name: str) -> frozenset[str]:
    """Return the modules of the project that a loaded module imports."""
    named = {each for node in ast.walk(ast.parse(source_of(name))) for each in names_in(node)}
    return frozenset(each for each in named if each.split(".")[0] in PROJECT and each in sys.modules)


def names_in(node: ast.AST) -> Iterator[str]:
    """Yield what an import statement names: the module, and each name in it, which may be a module too."""
    match node:
        case ast.Import(names=names):
            yield from (each.name for each in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield module
            yield from (f"{module}.{each.name}" for each in names)
        case _:
            pass


def source_of(name: str) -> bytes:
    file = sys.modules[name].__file__
    if file is None:
        raise LookupError(f"the module {name} has no source file")
    return Path(file).read_bytes()
