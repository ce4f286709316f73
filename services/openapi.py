"""Writes each service's OpenAPI document from its routes, to be committed: `python -m services.openapi [--check]`."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chassis.files.formats import CSV_TYPE
from chassis.http.auth import Authenticator
from chassis.http.description import describe
from chassis.http.responses import JSON
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from services.request_examples import FILE_EXAMPLES, REQUEST_EXAMPLES

SERVICES = ("customer", "followup", "alerts", "reporting")
FOLDER = Path(__file__).resolve().parent.parent / "contracts" / "generated" / "openapi"
# Building an application opens no connection, so any address will do for describing it.
NOWHERE = Settings(
    database_url=SecretStr("postgresql://nowhere/none"),
    issuer="https://issuer.invalid",
    jwks_url="https://issuer.invalid/jwks",
    pseudonym_key=SecretStr("0" * 32),
)


def document(name: str) -> str:
    """Return the OpenAPI document of a service, as it is committed."""
    module = importlib.import_module(f"services.{name}.__main__")
    context = ServiceContext(NOWHERE, Unopened(), Supervisor(), Authenticator(NOWHERE))  # type: ignore[arg-type]
    schema = describe(module.build(context).app)
    add_examples(name, schema)
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


class Unopened:
    """Stands where the pool goes; describing routes asks it for its size at most."""

    def get_max_size(self) -> int:
        return 1


def add_examples(name: str, schema: dict[str, Any]) -> None:
    """Show a valid body with every operation that takes one."""
    for path in schema["paths"].values():
        for operation in path.values():
            content = operation.get("requestBody", {}).get("content", {})
            if JSON in content:
                content[JSON]["example"] = REQUEST_EXAMPLES[content[JSON]["schema"]["$ref"].rpartition("/")[2]]
            if CSV_TYPE in content:
                content[CSV_TYPE]["example"] = FILE_EXAMPLES[name]


def stale() -> list[str]:
    """Return the services whose committed document differs from their routes."""
    return [name for name in SERVICES if _committed_text(name) != document(name)]


def _committed_text(name: str) -> str | None:
    return committed(name).read_text("utf-8") if committed(name).exists() else None


def committed(name: str) -> Path:
    return FOLDER / f"{name}.json"


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        found = stale()
        for name in found:
            sys.stderr.write(f"{committed(name)} differs from the routes; run `make contracts`\n")
        return len(found)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SERVICES:
        committed(name).write_text(document(name), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
