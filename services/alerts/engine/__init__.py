"""Silence, computed: a pure function from (facts of one customer, rules, instant) to alerts and the next due time.

No clock and no I/O: the live consumer, a backtest and an as-of question all use the same code.
"""
