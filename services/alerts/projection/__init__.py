"""The read model of this service's own events. The detector updates `holders` from the customer service's events."""

from services.alerts.projection.alerts import TABLES, apply

__all__ = ["CONSUMER", "TABLES", "apply"]

# The name is stored with the positions.
CONSUMER = "alert-list"
