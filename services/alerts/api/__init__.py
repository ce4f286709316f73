"""HTTP to read alerts and the rules behind them, one module for each resource."""

from services.alerts.api import alerts, erasure, export, rules

ROUTERS = (alerts.router, erasure.router, export.router, rules.router)
