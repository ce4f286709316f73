"""The severities that several default rules share."""

from typing import Final

from contracts.alerts import AlertSeverity
from services.alerts.engine.tiers import OTHERS

HIGHER_FOR_VIP: Final = {"vip": AlertSeverity.ERROR, OTHERS: AlertSeverity.WARNING}
LOW: Final = {OTHERS: AlertSeverity.INFO}
