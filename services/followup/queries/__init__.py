"""What can be read: one module for each list."""
