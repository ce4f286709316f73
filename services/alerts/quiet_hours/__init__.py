"""Quiet hours: until when deliverers wait with the notices of alerts. They shape delivery, never detection."""
