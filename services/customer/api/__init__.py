"""HTTP in front of the rules: one route per command, and nothing decided here."""

from services.customer.api import (
    contracts,
    customers,
    employees,
    handover_batches,
    handovers,
    helpers,
    market,
    needs,
    orders,
    people,
    quotes,
    references,
    stages,
    tags,
    tier_schemes,
    tiers,
)

ROUTERS = (
    customers.router,
    people.router,
    needs.router,
    market.router,
    orders.router,
    quotes.router,
    contracts.router,
    references.router,
    handovers.router,
    handover_batches.router,
    tags.router,
    tiers.router,
    tier_schemes.router,
    stages.router,
    helpers.router,
    employees.router,
)
