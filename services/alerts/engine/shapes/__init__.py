"""The shapes of rules, one file each: its parameters, its stretches, and its words in both languages. Pure."""

from typing import Annotated

from pydantic import Field

from services.alerts.engine.shapes.owed import Owed
from services.alerts.engine.shapes.silence import Silence
from services.alerts.engine.shapes.told import Told

Condition = Annotated[Silence | Owed | Told, Field(discriminator="shape")]

__all__ = ["Condition", "Owed", "Silence", "Told"]
