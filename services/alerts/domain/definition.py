"""Versioned definitions of the alerts service: the ladder of each severity, the quiet hours, and contacts."""

from typing import Final

from chassis.versions.decider import ONLY, Kind
from contracts.alerts import ContactDefinitionPublished, LadderPublished, QuietHoursPublished
from services.alerts.engine.contact_definition import HUMAN_CONTACT
from services.alerts.shipped import quiet_hours
from services.alerts.shipped.ladders import LADDERS

LADDER: Final[Kind[LadderPublished]] = Kind(("ladder",), name_field="severity", shipped=LADDERS)
QUIET_HOURS: Final[Kind[QuietHoursPublished]] = Kind(
    ("quiet-hours", "default"), shipped={ONLY: quiet_hours.QUIET_HOURS}
)
CONTACT_DEFINITION: Final[Kind[ContactDefinitionPublished]] = Kind(
    ("contact-definition", "default"), shipped={ONLY: HUMAN_CONTACT}
)
