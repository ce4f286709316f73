"""Events of other systems, read from Kafka."""
