"""Consumers: apply events exactly once, run timers, rebuild read models."""
