"""Finding customers: what they are found by, and how the lists are asked."""
