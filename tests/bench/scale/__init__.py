"""How the pieces fare with many events, many customers, and for long."""
