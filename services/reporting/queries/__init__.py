"""The queries, one module for each list and each figure."""
