"""Important dates of key contacts."""
