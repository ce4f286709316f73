"""Writes each service's OpenAPI document from its routes, to be committed: `python -m services.openapi [--check]`."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chassis.commands.problem import CATALOGUE
from chassis.http.auth import Authenticator
from chassis.http.problems import MEDIA_TYPE
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext

SERVICES = ("customer", "followup", "alerts", "reporting")
FOLDER = Path(__file__).resolve().parent.parent / "contracts" / "generated" / "openapi"
# Building an application opens no connection, so any address will do for describing it.
NOWHERE = Settings(
    database_url=SecretStr("postgresql://nowhere/none"),
    issuer="https://issuer.invalid",
    jwks_url="https://issuer.invalid/jwks",
    pseudonym_key=SecretStr("0" * 32),
)
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "retryable"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{code}" for code in CATALOGUE]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "retryable": {"type": "boolean"},
        "trace_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def document(name: str) -> str:
    """Return the OpenAPI document of a service, as it is committed."""
    module = importlib.import_module(f"services.{name}.__main__")
    context = ServiceContext(NOWHERE, Unopened(), Supervisor(), Authenticator(NOWHERE))  # type: ignore[arg-type]
    schema = module.build(context).app.openapi()
    describe_problems(schema)
    schema["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    schema["security"] = [{"bearer": []}]
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


class Unopened:
    """Stands where the pool goes; describing routes asks it for its size at most."""

    def get_max_size(self) -> int:
        return 1


def describe_problems(schema: dict[str, Any]) -> None:
    """Say on every operation that errors are problem documents."""
    schema["components"]["schemas"]["Problem"] = PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
    answer = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = answer


def stale() -> list[str]:
    return [name for name in SERVICES if not committed(name).exists() or committed(name).read_text() != document(name)]


def committed(name: str) -> Path:
    return FOLDER / f"{name}.json"


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        for name in stale():
            sys.stderr.write(f"{committed(name)} does not say what the routes do; run `make contracts`\n")
        return len(stale())
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SERVICES:
        committed(name).write_text(document(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
