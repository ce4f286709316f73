"""Versioned configuration: publish, look up the version in force at a time, read over HTTP, compare."""
