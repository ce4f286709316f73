"""Case 44: clients that public generators make from the documents compile and run a flow; a linter finds no error."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services import openapi
from tests.clients.conftest import run
from tests.support.product import Product

pytestmark = pytest.mark.nightly
PYTHON = Path(__file__).parent / "python"
USED = ("customer", "followup")
STRICT = ("--strict", "--noUncheckedIndexedAccess")
COMPILE = (*STRICT, "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "--outDir", "out")


def arguments(product: Product) -> list[str]:
    """Return the arguments of a flow: the addresses of two services, a token, and a key of its own."""
    urls = [product.client.urls[service] for service in USED]
    token = product.client.http.headers["Authorization"].removeprefix("Bearer ")
    return [*urls, token, str(uuid4())]


def require_flow(printed: str) -> None:
    shown: dict[str, Any] = json.loads(printed)
    assert shown.pop("registeredAt")
    assert shown == {
        "replayed": "true",
        "etag": '"1"',
        "name": "上海腾云",
        "channel": "phone",
        "customerId": True,
        "refused": "version-mismatch",
    }


async def test_44_a_generated_client_in_python_runs_a_flow(product: Product, generator: Path, tmp_path: Path) -> None:
    for service in openapi.SERVICES:
        target = ["--output-path", str(tmp_path / f"care_{service}"), "--config", str(PYTHON / "config.yml")]
        source = ["--path", str(openapi.committed(service)), "--meta", "none", "--fail-on-warning"]
        run(tmp_path, str(generator / "openapi-python-client"), "generate", *source, *target)
    program = tmp_path / "flow.py"
    program.write_bytes((PYTHON / "flow.py").read_bytes())
    require_flow(run(tmp_path, str(generator / "python"), str(program), *arguments(product)))


async def test_44_types_for_typescript_compile_and_run_a_flow(product: Product, javascript: Path) -> None:
    for service in openapi.SERVICES:
        run(javascript, "npx", "openapi-typescript", f"{service}.json", "-o", f"{service}.d.ts")
    run(javascript, "npx", "tsc", *COMPILE, "flow.ts")
    require_flow(run(javascript, "node", "out/flow.js", *arguments(product)))


@pytest.mark.parametrize("service", openapi.SERVICES)
def test_44_redocly_finds_no_error(javascript: Path, service: str) -> None:
    run(javascript, "npx", "redocly", "lint", "--config", "redocly.yaml", f"{service}.json")


def test_44_redocly_names_an_error(javascript: Path) -> None:
    document = json.loads(openapi.committed("alerts").read_text())
    del document["info"]["license"]
    (javascript / "broken.json").write_text(json.dumps(document))
    with pytest.raises(AssertionError, match="info-license"):
        run(javascript, "npx", "redocly", "lint", "--config", "redocly.yaml", "broken.json")
