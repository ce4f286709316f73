"""HTTP in front of the rules: one route per command, and nothing decided here."""

from services.followup.api import complaints, contacts, customers, tasks

ROUTERS = (contacts.router, tasks.router, complaints.router, customers.router)
