"""Slow and simple calculations of what the product must calculate, with no code of the product."""
