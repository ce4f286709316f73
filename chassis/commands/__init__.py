"""From a command to committed events: load the stream, decide, append."""
