"""The engine: a pure function from (facts of one customer, rules, instant) to alerts and the next due time.

It has no clock and no I/O, so live detection, backtests and as-of queries use the same code.
"""
