"""Handing customers over: checklists, and batches of handovers."""
