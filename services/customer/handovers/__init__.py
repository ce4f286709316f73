"""Handovers of customers: checklists, and batches."""
