"""The command path: load the stream, decide, append the events."""
