"""Benchmarks with many events, many customers, and long duration."""
