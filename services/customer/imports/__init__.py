"""Imports of customers, orders and contracts from files."""
