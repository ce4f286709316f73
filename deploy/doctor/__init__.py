"""The doctor: looks at a running stack and says in a sentence what is wrong, and what to do."""
