"""Finds likely duplicates."""
