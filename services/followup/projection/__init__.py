"""The lists of this service, kept in step with events: one module for each list."""
