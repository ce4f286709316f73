"""HTTP of the alerts service, one module for each resource."""

from services.alerts.api import (
    alerts,
    bulk,
    counts,
    customers,
    erasure,
    export,
    handling,
    mutes,
    rule_life,
    rules,
    stream,
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
    handling.router,
    mutes.router,
    rule_life.router,
    rules.router,
)
