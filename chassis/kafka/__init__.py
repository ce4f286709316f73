"""Kafka: topics, clients, and the format of records."""
