"""Surveys: sending after events, and the codes of invitations."""
