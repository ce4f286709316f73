"""A stored definition of a rule that this build refuses: the build that stored it had other limits. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.alerts.engine.words import Words


class Unreadable(BaseModel):
    """The definition as it is stored, and why this build refuses it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    definition: Mapping[str, Any]
    fault: Words
