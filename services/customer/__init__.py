"""The customer service: customers, their owners, stages and tiers, handovers, orders, quotes and contracts."""
