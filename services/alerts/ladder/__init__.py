"""The ladder reminds people of an open alert, in work time, until somebody acknowledges it."""
