"""Plans of customers: when their steps are due, when they begin and end, and what carries that out."""
