"""Writes the import diagrams of docs/architecture.md: `python -m tests.architecture.import_diagram`.

An arrow means "imports". One that follows from two others is left out.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("contracts", "chassis", "services")
SERVICES = ("customer", "followup", "alerts", "reporting")
BEGIN, END = "<!-- import diagram: {name} -->", "<!-- end of import diagram -->"

Imports = Mapping[str, set[str]]


def imports_of(graph: grimp.ImportGraph, children: Iterable[str]) -> dict[str, set[str]]:
    """Return which of `children`, packages or modules, each of them imports directly."""
    members = {child: {child, *graph.find_descendants(child)} for child in children}
    owner = {module: child for child, modules in members.items() for module in modules}
    return {
        child: {
            owner[target]
            for module in modules
            for target in graph.find_modules_directly_imported_by(module) & owner.keys()
        }
        - {child}
        for child, modules in members.items()
    }


def reduced(imports: Imports) -> dict[str, set[str]]:
    """Leave out what is reached through another import. Where imports form a circle, nothing of it is left out."""
    return {
        source: {
            target
            for target in targets
            if not any(
                target in reached(imports, other) and other not in reached(imports, target)
                for other in targets - {target}
            )
        }
        for source, targets in imports.items()
    }


def reached(imports: Imports, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for target in imports[waiting.pop()] - found:
            found.add(target)
            waiting.append(target)
    return found


def mermaid(imports: Imports) -> str:
    arrows = [
        f"    {name(source)} --> {name(target)}" for source in sorted(imports) for target in sorted(imports[source])
    ]
    return "\n".join(["```mermaid", "flowchart TB", *arrows, "```"])


def name(module: str) -> str:
    """Return the node of a module, labelled with the last part of its name; an id has no dots."""
    return f"{module.replace('.', '_')}[{module.rpartition('.')[2]}]"


def diagrams() -> dict[str, str]:
    """Return the diagrams by name: of the chassis, and of each service."""
    sys.path.insert(0, str(ROOT))
    try:
        graph = grimp.build_graph(*PACKAGES)
    finally:
        sys.path.remove(str(ROOT))
    parents = ["chassis", *(f"services.{service}" for service in SERVICES)]
    return {parent: mermaid(reduced(imports_of(graph, graph.find_children(parent)))) for parent in parents}


def inserted(page: str) -> str:
    """Return the page with each diagram between its marks brought up to date."""
    for parent, diagram in diagrams().items():
        begin = BEGIN.format(name=parent)
        if begin in page:
            before, _, after = page.partition(begin)
            page = f"{before}{begin}\n{diagram}\n{END}{after.partition(END)[2]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(inserted(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
