"""Writes a CycloneDX SBOM of the installed packages to build/sbom.json: `python -m deploy.sbom [FILE]`."""

import json
import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
DEFAULT_FILE = PROJECT / "build" / "sbom.json"
SPECIFICATION = "1.6"


def document(installed: Iterable[Distribution]) -> dict[str, Any]:
    """Return the SBOM. It contains no time and no path, so equal packages give equal documents."""
    by_reference = {reference(each): each for each in installed}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "customer-lifecycle", "bom-ref": "customer-lifecycle"}
        },
        "components": [component(by_reference[each]) for each in sorted(by_reference)],
        "dependencies": [{"ref": "customer-lifecycle", "dependsOn": sorted(by_reference)}],
    }


def component(installed: Distribution) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference(installed),
        "name": normalised(installed.name),
        "version": installed.version,
        "purl": reference(installed),
    }
    # Only an SPDX expression identifies the licence; the older free text may contain a whole licence text.
    if "License-Expression" in installed.metadata:
        found["licenses"] = [{"expression": installed.metadata["License-Expression"]}]
    return found


def reference(installed: Distribution) -> str:
    """Return the package URL (purl) of the package."""
    return f"pkg:pypi/{normalised(installed.name)}@{installed.version}"


def normalised(name: str) -> str:
    """Return the name normalised by PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> None:
    file = Path(arguments[0]) if arguments else DEFAULT_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document(distributions()), indent=2, ensure_ascii=False) + "\n")
    print(file)


if __name__ == "__main__":
    main(sys.argv[1:])
