"""Starts the customer service: `python -m services.customer [all|api|relay|consumer|projection|importer|timers]`."""

import sys

from chassis.cli import main
from chassis.files.imports_api import imports_router
from chassis.files.template_api import template_router
from chassis.http.web import create_app
from chassis.service import ParkingConsumer, Service, ServiceContext
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.customer import file_kinds
from services.customer.api import ROUTERS
from services.customer.assembly import NAME, dependencies
from services.customer.schema import SCHEMA
from services.customer.workers import inbounds, read_models, tasks


def build(context: ServiceContext) -> Service:
    """Assemble the service. Nothing runs yet."""
    needs = dependencies(context)
    imports, models, consumers = (
        file_kinds.imports(context, needs),
        read_models(context, needs),
        inbounds(context, needs),
    )
    app = create_app(
        "Customer",
        [*ROUTERS, template_router(imports), imports_router(imports, file_kinds.previews(needs))],
        authenticator=context.authenticator,
        cursors=context.cursors,
        supervisor=context.supervisor,
        checks=context.checks(needs.store),
    )
    app.state.dependencies = needs
    appliers: list[ParkingConsumer] = [*(model.applier for model in models), *consumers]
    verification = context.verification(needs.store, CUSTOMER_EVENTS, [FOLLOWUP_EVENTS])
    return Service(NAME, app, tasks(context, needs, imports, models, consumers), appliers, models, verification)


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
