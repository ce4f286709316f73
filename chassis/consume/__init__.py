"""Consumers: apply events with an exactly-once effect, run timers, rebuild read models."""
