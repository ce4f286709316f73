"""Versioned definitions of the alerts service: the ladder of each severity, the quiet hours, and contacts."""

from typing import Final, TypeVar

from chassis.versions.decider import ONLY, Kind
from contracts.alerts import ContactDefinitionPublished, LadderPublished, QuietHoursPublished
from services.alerts.engine.contact_definition import HUMAN_CONTACT
from services.alerts.shipped import quiet_hours
from services.alerts.shipped.ladders import LADDERS

D = TypeVar("D", LadderPublished, QuietHoursPublished, ContactDefinitionPublished)


def without_new_reason(latest: D | None, version: D) -> D:
    """Return the version. If only the reason differs from the latest version, it changes nothing and keeps that one."""
    if latest is None:
        return version
    same = version.model_copy(
        update={"reason": latest.reason, "number": latest.number, "effective_from": latest.effective_from}
    )
    return version.model_copy(update={"reason": latest.reason}) if same == latest else version


LADDER: Final[Kind[LadderPublished]] = Kind(
    ("ladder",), name_field="severity", shipped=LADDERS, complete=without_new_reason
)
QUIET_HOURS: Final[Kind[QuietHoursPublished]] = Kind(
    ("quiet-hours", "default"), shipped={ONLY: quiet_hours.QUIET_HOURS}, complete=without_new_reason
)
CONTACT_DEFINITION: Final[Kind[ContactDefinitionPublished]] = Kind(
    ("contact-definition", "default"), shipped={ONLY: HUMAN_CONTACT}, complete=without_new_reason
)
