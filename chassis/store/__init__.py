"""The event store: events, idempotency keys and the vault of personal data, appended in one transaction."""
