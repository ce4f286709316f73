"""The shipped quiet hours: none, so that every notice is delivered at once."""

from typing import Final

from chassis.rules.calendars.shipped import CHINA_OFFICE
from contracts.alerts import QuietHoursPublished

QUIET_HOURS: Final = QuietHoursPublished(number=1, calendar=CHINA_OFFICE, reason="Shipped with the product")
