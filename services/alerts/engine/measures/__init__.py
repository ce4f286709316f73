"""What a trend measures of a customer, compared with the customer's own past. One file each, pure."""

from typing import Annotated

from pydantic import Field

from services.alerts.engine.measures.interval import Interval
from services.alerts.engine.measures.score import Score
from services.alerts.engine.measures.volume import Volume

Measured = Annotated[Interval | Volume | Score, Field(discriminator="of")]

__all__ = ["Interval", "Measured", "Score", "Volume"]
