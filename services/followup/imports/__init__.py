"""Imports of follow-up history from files."""
