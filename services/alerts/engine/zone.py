"""The business zone: in it, days end and months begin."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BUSINESS_ZONE: Final = "Asia/Shanghai"


def end_of(day: date, zone: str) -> datetime:
    """Return the midnight that ends a day."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
