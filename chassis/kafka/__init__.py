"""Kafka: topics, clients, and the form of a record."""
