"""What services that take no personal words answer to an erasure, each on a topic of its own.

An answer is a CloudEvent in binary mode. Its `id` is made of the erasure and the service: sent twice, it is one answer.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from contracts.topics import ALERT_ERASURE_ANSWERS, REPORTING_ERASURE_ANSWERS, Topic
from contracts.types import Instant, utc_text

Wordless = Literal["alerts", "reporting"]
ANSWER_TOPICS: dict[Wordless, Topic] = {"alerts": ALERT_ERASURE_ANSWERS, "reporting": REPORTING_ERASURE_ANSWERS}


class ErasureConfirmed(BaseModel):
    """A service has received an erasure; it found `entries` personal words of that person among what it holds: none."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)
    TYPE: ClassVar[str] = "care.erasure.confirmed.v1"

    customer_id: UUID
    erasure_id: UUID
    service: Wordless
    entries: int = Field(ge=0)
    received_at: Instant

    @property
    def id(self) -> UUID:
        return uuid5(self.erasure_id, self.service)

    @property
    def source(self) -> str:
        return f"/care/{self.service}"


CONFIRMATIONS: dict[str, type[ErasureConfirmed]] = {ErasureConfirmed.TYPE: ErasureConfirmed}


def headers_of(answer: ErasureConfirmed) -> dict[str, str]:
    return {
        "ce_specversion": "1.0",
        "ce_id": str(answer.id),
        "ce_source": answer.source,
        "ce_type": answer.TYPE,
        "ce_subject": str(answer.customer_id),
        "ce_time": utc_text(answer.received_at),
        "ce_dataschema": f"/schemas/{answer.TYPE}.json",
        "content-type": "application/json",
    }


def record_of(service: Wordless, row: Mapping[str, Any]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Return key, value and headers of what `service` answers; `row` holds the other fields of the answer."""
    answer = ErasureConfirmed(service=service, **row)
    headers = [(name, text.encode()) for name, text in headers_of(answer).items()]
    return str(answer.customer_id).encode(), answer.model_dump_json().encode(), headers
