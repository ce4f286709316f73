"""PostgreSQL: connections, transactions, read-model rows and views."""
