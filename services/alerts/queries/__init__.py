"""The queries of the alerts service."""
