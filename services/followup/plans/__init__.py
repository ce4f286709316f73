"""Plans of customers: when they start and end, when their steps are due, and the tasks of the steps."""
