"""HTTP of the alerts service, one module for each resource."""

from services.alerts.api import alerts, erasure, export, rule_life, rule_shadow, rules

# A path with a fixed part, such as `/rules/validation`, comes before one with a parameter.
ROUTERS = (alerts.router, erasure.router, export.router, rule_life.router, rule_shadow.router, rules.router)
