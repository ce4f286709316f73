"""Erasing personal words."""
