"""The local stack: PostgreSQL, Kafka, a development issuer and the four services under one supervisor."""
