"""Runs the engine on events and timers."""
