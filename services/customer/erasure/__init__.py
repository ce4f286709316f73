"""Erases personal data, and stores the answers of the other services."""
