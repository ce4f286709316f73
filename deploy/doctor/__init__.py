"""The doctor checks a running stack, and prints each problem with advice."""
