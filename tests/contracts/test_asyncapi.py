"""AsyncAPI's own parser accepts our document. It is installed once, below build/, where there is node."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts import asyncapi
from contracts.documents import ASYNCAPI
from contracts.topics import CUSTOMER_INBOUND, ERASURE_ANSWERS, TOPICS, WATERMARKS

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "asyncapi"
FILES = ("package.json", "package-lock.json", "check.mjs")
WARNING = 1
INSTALL_TIMEOUT_SECONDS = 180
CHECK_TIMEOUT_SECONDS = 300


@pytest.fixture(scope="module")
def checker() -> Path:
    """Return the script beside the installed parser. A changed script or lock file installs anew."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so AsyncAPI's parser cannot run")
    content = b"".join((SOURCE / name).read_bytes() for name in FILES)
    folder = ROOT / "build" / f"asyncapi-{hashlib.sha256(content).hexdigest()[:12]}"
    if not (folder / "node_modules/.package-lock.json").exists():
        _install(folder)
    return folder / "check.mjs"


def test_the_parser_finds_nothing_wrong(checker: Path) -> None:
    report = _check(checker, ROOT / ASYNCAPI)

    assert [finding for finding in report["findings"] if finding["severity"] <= WARNING] == []
    assert set(report["channels"]) == {
        topic.name for topic in (*TOPICS, *WATERMARKS, CUSTOMER_INBOUND, *ERASURE_ANSWERS)
    }
    assert set(report["operations"]) == set(asyncapi.document()["operations"])


def test_the_parser_names_what_is_wrong(checker: Path, tmp_path: Path) -> None:
    document = asyncapi.document()
    document["channels"][TOPICS[0].name]["bindings"]["kafka"]["partitions"] = "six"
    document["operations"]["lost"] = {"action": "send", "channel": {"$ref": "#/channels/nowhere"}}
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document), encoding="utf-8")

    findings = _check(checker, broken)["findings"]

    assert {finding["path"] for finding in findings if finding["severity"] == 0} >= {
        f"channels/{TOPICS[0].name}/bindings/kafka/partitions",
        "operations/lost/channel/$ref",
    }


def _install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(SOURCE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=folder, check=True, timeout=INSTALL_TIMEOUT_SECONDS)
    except subprocess.SubprocessError as error:
        pytest.skip(f"AsyncAPI's parser cannot be fetched: {error}")


def _check(checker: Path, document: Path) -> dict[str, Any]:
    finished = subprocess.run(
        ["node", str(checker), str(document)],
        capture_output=True,
        text=True,
        check=True,
        timeout=CHECK_TIMEOUT_SECONDS,
    )
    report: dict[str, Any] = json.loads(finished.stdout)
    return report
