"""Declares that databases were restored from an older copy (docs/operations.md, "A database is lost")."""
