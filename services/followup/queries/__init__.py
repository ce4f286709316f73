"""Queries, one module for each list."""
