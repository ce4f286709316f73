"""HTTP for alerts and the rules behind them, one module for each resource."""

from services.alerts.api import alerts, erasure, export, handling, mutes, rules

ROUTERS = (alerts.router, erasure.router, export.router, handling.router, mutes.router, rules.router)
