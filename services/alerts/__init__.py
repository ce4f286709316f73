"""Who is going quiet, what was missed, and why we think so."""
