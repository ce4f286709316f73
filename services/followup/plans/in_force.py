"""The plan templates and calendars in force while a batch of events is handled."""

from datetime import datetime

from chassis.versions.lookup import Versions
from contracts.followup import CalendarPublished, PlanTemplatePublished


class InForce:
    """Reads each calendar once per batch, because many plans of a batch use the same calendar."""

    def __init__(
        self, at: datetime, templates: dict[str, PlanTemplatePublished], calendars: Versions[CalendarPublished]
    ) -> None:
        self.templates = templates
        self._at = at
        self._calendars = calendars
        self._calendar_by_name: dict[str, CalendarPublished] = {}

    async def calendar(self, name: str) -> CalendarPublished:
        if name not in self._calendar_by_name:
            self._calendar_by_name[name] = await self._calendars.in_force(self._at, name)
        return self._calendar_by_name[name]
