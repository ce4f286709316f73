"""Inbound messages of other systems, received from Kafka."""
