"""What can be read about alerts."""
