"""Finding customers that are recorded twice."""
