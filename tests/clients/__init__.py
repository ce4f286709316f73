"""Clients that public generators make from the OpenAPI documents, run against the product; and a linter."""
