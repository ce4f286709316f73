"""The lists of this service, kept in step with events."""
