"""Evaluates the rules of tier schemes for customers."""
