"""What is in force while a batch of facts is answered: the templates, and the calendars that they name."""

from contracts.followup import CalendarPublished, PlanTemplatePublished
from services.followup.calendars.lookup import Calendars


class InForce:
    """Reads each calendar once: a batch of facts begins very many plans under the same one."""

    def __init__(self, templates: dict[str, PlanTemplatePublished], calendars: Calendars) -> None:
        self.templates = templates
        self._calendars = calendars
        self._read: dict[str, CalendarPublished] = {}

    async def calendar(self, name: str) -> CalendarPublished:
        if name not in self._read:
            self._read[name] = await self._calendars.version(name)
        return self._read[name]
