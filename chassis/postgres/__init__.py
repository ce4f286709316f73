"""PostgreSQL: connections, transactions, and rows of read models."""
