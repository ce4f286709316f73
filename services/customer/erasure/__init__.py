"""Erasing personal words, and collecting the answers of the other services."""
