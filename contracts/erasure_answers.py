"""What services that take no personal words answer to an erasure, each on a topic of its own.

An answer is a CloudEvent in binary mode. Its `id` is made of the erasure and the service: sent twice, it is one answer.
"""

from typing import ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from contracts.topics import ALERT_PURGES, REPORTING_PURGES, Topic
from contracts.types import Instant

Wordless = Literal["alerts", "reporting"]
PURGES: dict[Wordless, Topic] = {"alerts": ALERT_PURGES, "reporting": REPORTING_PURGES}


class PurgeConfirmed(BaseModel):
    """A service has heard of an erasure; it found `entries` personal words of that person among what it holds: none."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)
    TYPE: ClassVar[str] = "care.purge.confirmed.v1"

    customer_id: UUID
    erasure_id: UUID
    service: Wordless
    entries: int = Field(ge=0)
    heard_at: Instant

    @property
    def id(self) -> UUID:
        return uuid5(self.erasure_id, self.service)

    @property
    def source(self) -> str:
        return f"/care/{self.service}"


CONFIRMATIONS: dict[str, type[PurgeConfirmed]] = {PurgeConfirmed.TYPE: PurgeConfirmed}
