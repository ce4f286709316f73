"""The commands of the alerts service."""
