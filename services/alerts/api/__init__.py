"""HTTP to read alerts and the rules behind them, one module for each resource."""

from services.alerts.api import alerts, counts, customers, erasure, export, rules, stream, why

# The first route that matches is called: those with a fixed name stand before `/alerts/{alert_id}`.
ROUTERS = (
    *(counts.router, stream.router, alerts.router, customers.router, erasure.router, export.router, rules.router),
    why.router,
)
