"""The live stream of alerts: one reader of the store per process, and the streams that are open in it."""
