"""The rules of commands: pure deciders."""
