"""Benchmarks of single parts, each with a floor measured in the same run. Not collected by pytest."""
