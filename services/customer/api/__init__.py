"""HTTP in front of the rules: one route per command, and nothing decided here."""

from services.customer.api import customers, employees

ROUTERS = (customers.router, employees.router)
