"""What the alerts service ships with, as data."""
