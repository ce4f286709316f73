"""Surveys: who is asked, how an invitation is told from a forged one, and what was answered."""
