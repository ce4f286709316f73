"""The HTTP routes of the reporting service, one module for each resource."""

from services.reporting.api import alerts, customers, erasure, reports, tasks

ROUTERS = (customers.router, erasure.router, tasks.router, alerts.router, reports.router)
