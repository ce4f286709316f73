"""HTTP of the alerts service, one module for each resource."""

from services.alerts.api import (
    alerts,
    bulk,
    contact_definition,
    counts,
    customers,
    erasure,
    export,
    handling,
    ladders,
    mutes,
    quiet_hours,
    rule_files,
    rule_life,
    rule_shadow,
    rules,
    stream,
    why,
)

# The first route that matches is called: those with a fixed name stand before those with a parameter.
ROUTERS = (
    bulk.router,
    counts.router,
    stream.router,
    alerts.router,
    customers.router,
    erasure.router,
    export.router,
    rule_files.router,
    handling.router,
    contact_definition.router,
    ladders.router,
    mutes.router,
    quiet_hours.router,
    rule_life.router,
    rule_shadow.router,
    rules.router,
    why.router,
)
