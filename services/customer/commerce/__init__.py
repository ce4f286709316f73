"""Records orders, quotes and contracts."""
