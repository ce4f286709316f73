"""Absences of employees, their stand-ins, and the work that is due meanwhile."""
