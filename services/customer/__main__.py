"""Starts the customer service: `python -m services.customer [all|api|relay|consumer|projection|importer|timers]`."""

import sys

from chassis.cli import main
from chassis.files.imports_api import imports_router
from chassis.http.web import create_app
from chassis.service import Parks, Parts, Service
from services.customer.api import ROUTERS
from services.customer.assembly import NAME, dependencies
from services.customer.schema import SCHEMA
from services.customer.workers import importer, inbounds, read_models, tasks


def build(parts: Parts) -> Service:
    """Assemble the service. Nothing runs yet."""
    needs = dependencies(parts)
    imports, models, consumers = importer(parts, needs), read_models(parts, needs), inbounds(parts, needs)
    app = create_app(
        "Customer",
        [*ROUTERS, imports_router(imports)],
        authenticator=parts.authenticator,
        cursors=parts.cursors,
        supervisor=parts.supervisor,
        checks={"database": parts.database_fault, "store": needs.store.fault, "issuer": parts.issuer_fault},
    )
    app.state.dependencies = needs
    appliers: list[Parks] = [*(model.applier for model in models), *consumers]
    return Service(NAME, app, tasks(parts, needs, imports, models, consumers), appliers, models)


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
