"""HTTP in front of the rules: one route per command, and nothing decided here."""

from services.customer.api import customers, employees, needs, people

ROUTERS = (customers.router, employees.router, people.router, needs.router)
