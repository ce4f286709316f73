"""The outbox relay: publishes the event table to Kafka."""
