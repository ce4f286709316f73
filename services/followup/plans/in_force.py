"""What is in force while a batch of facts is answered: the templates, and the calendars that they name."""

from datetime import datetime

from chassis.versions.lookup import Versions
from contracts.followup import CalendarPublished, PlanTemplatePublished


class InForce:
    """Reads each calendar once: a batch of facts begins very many plans under the same one."""

    def __init__(
        self, at: datetime, templates: dict[str, PlanTemplatePublished], calendars: Versions[CalendarPublished]
    ) -> None:
        self.templates = templates
        self._at = at
        self._calendars = calendars
        self._read: dict[str, CalendarPublished] = {}

    async def calendar(self, name: str) -> CalendarPublished:
        if name not in self._read:
            self._read[name] = await self._calendars.in_force(self._at, name)
        return self._read[name]
