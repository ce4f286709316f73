"""The shapes of rules, one file each: its parameters, its stretches, and its words in both languages. Pure."""

from typing import Annotated

from pydantic import Field

from services.alerts.engine.shapes.count import Count
from services.alerts.engine.shapes.level import Level
from services.alerts.engine.shapes.owed import Owed
from services.alerts.engine.shapes.silence import Silence
from services.alerts.engine.shapes.told import Told
from services.alerts.engine.shapes.trend import Trend

Condition = Annotated[Silence | Owed | Told | Count | Trend | Level, Field(discriminator="shape")]

__all__ = ["Condition", "Count", "Level", "Owed", "Silence", "Told", "Trend"]
