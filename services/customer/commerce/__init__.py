"""Recording orders, quotes and contracts, the same way for REST, files and Kafka."""
