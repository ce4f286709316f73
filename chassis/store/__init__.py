"""The event store: events, idempotent answers and the vault of personal words, appended in one transaction."""
