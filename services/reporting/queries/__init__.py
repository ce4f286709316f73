"""What can be read: one module for each list and each figure, its SQL beside it."""
