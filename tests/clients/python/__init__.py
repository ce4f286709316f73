"""A flow with clients in Python, run outside the environment of the product."""
