"""Dependencies (S23): no known vulnerable version, all pinned by hash, all in the SBOM."""

import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from deploy import sbom
from deploy.stack.wheels import REQUIREMENTS

# The first version without a vulnerability that affects this product.
FLOORS = {
    "starlette": (1, 6),
    "fastapi": (0, 121),
    "h11": (0, 16),
    "pyjwt": (2, 13),
    "aiokafka": (0, 14),
    "asyncpg": (0, 32),
}
EXACT = {"eventsourcing": "9.5.6"}
# Parsers of untrusted input that the product does not use: form bodies, and a second JWT library.
ABSENT = ("python-multipart", "python-jose")
SHIPPED = ("service", "dev")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^ ;]+)(?P<marker> ;[^\\]*)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, version and marker of each pinned requirement."""
    for line in (REQUIREMENTS / f"{name}.txt").read_text().splitlines():
        if found := PIN.match(line):
            yield sbom.normalised(found["name"]), found["version"], found["marker"] or ""


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


@pytest.mark.parametrize("file", SHIPPED)
@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_nothing_is_pinned_or_installed_below_its_floor(name: str, floor: tuple[int, ...], file: str) -> None:
    pinned = {found: version for found, version, _ in pins(file)}
    assert numbers(pinned[name]) >= floor
    assert numbers(metadata.version(name)) >= floor


@pytest.mark.parametrize("file", SHIPPED)
def test_the_event_store_is_exactly_the_one_it_was_written_against(file: str) -> None:
    pinned = {found: version for found, version, _ in pins(file)}
    assert {name: pinned[name] for name in EXACT} == EXACT
    assert {name: metadata.version(name) for name in EXACT} == EXACT


@pytest.mark.parametrize("name", ABSENT)
def test_what_the_product_does_without_is_not_there(name: str) -> None:
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version(name)
    for file in REQUIREMENTS.glob("*.txt"):
        assert name not in {found for found, _, _ in pins(file.stem)}


@pytest.mark.parametrize("file", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.name)
def test_every_line_is_an_exact_pin_with_hashes_behind_it(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
    assert not [line for line in lines if not PIN.match(line) and not HASH.match(line)]
    behind = zip(lines, [*lines[1:], ""], strict=True)
    assert not [line for line, following in behind if PIN.match(line) and not HASH.match(following)]


def test_what_the_service_is_built_from_is_what_was_tested() -> None:
    assert set(pins("service")) <= set(pins("dev"))


def test_a_version_counts_by_its_numbers_not_by_its_letters() -> None:
    assert numbers("0.9.1") < numbers("0.14.0")
    assert numbers("2.13.0rc1") >= numbers("2.13")


def test_the_bill_of_materials_lists_every_pinned_package(tmp_path: Path) -> None:
    file = tmp_path / "build" / "sbom.json"
    sbom.main([str(file)])
    document = json.loads(file.read_text())
    listed = {component["purl"] for component in document["components"]}
    wanted = {f"pkg:pypi/{name}@{version}" for name, version, marker in pins("dev") if "win32" not in marker}
    assert not wanted - listed
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")


def test_the_bill_of_materials_has_each_package_once_and_says_the_same_twice(tmp_path: Path) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    sbom.main([str(first)])
    sbom.main([str(second)])
    assert first.read_bytes() == second.read_bytes()
    references = [component["bom-ref"] for component in json.loads(first.read_text())["components"]]
    assert len(set(references)) == len(references)
    assert b"://" not in first.read_bytes()
