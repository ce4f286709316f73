"""The work calendar: what is shipped, what is in force, and how a version becomes work time."""
