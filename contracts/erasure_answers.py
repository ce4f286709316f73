"""The answer to an erasure of the services that answer on a topic of their own: alerts and reporting.

An answer is a CloudEvent in structured mode. Its `id` is derived from the erasure and the service, so a repeated answer
has the same id.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from contracts.cloudevents import CONTENT_TYPE, DATA_CONTENT_TYPE, schema_url
from contracts.topics import ALERT_ERASURE_ANSWERS, REPORTING_ERASURE_ANSWERS, Topic
from contracts.types import Instant, utc_text

ConfirmingService = Literal["alerts", "reporting"]
ANSWER_TOPICS: dict[ConfirmingService, Topic] = {
    "alerts": ALERT_ERASURE_ANSWERS,
    "reporting": REPORTING_ERASURE_ANSWERS,
}


class ErasureConfirmed(BaseModel):
    """A service received an erasure.

    `entries` is how many entries of personal data alerts deleted, or reporting found, which stores none: 0.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)
    TYPE: ClassVar[str] = "care.erasure.confirmed.v1"

    customer_id: UUID
    erasure_id: UUID
    service: ConfirmingService
    entries: int = Field(ge=0)
    received_at: Instant

    @property
    def id(self) -> UUID:
        return uuid5(self.erasure_id, self.service)

    @property
    def source(self) -> str:
        return f"/care/{self.service}"


CONFIRMATIONS: dict[str, type[ErasureConfirmed]] = {ErasureConfirmed.TYPE: ErasureConfirmed}


def value_of(answer: ErasureConfirmed, public_url: str) -> dict[str, Any]:
    """Return the value of an answer from a service that is reached at `public_url`."""
    return {
        "specversion": "1.0",
        "id": str(answer.id),
        "source": answer.source,
        "type": answer.TYPE,
        "subject": str(answer.customer_id),
        "time": utc_text(answer.received_at),
        "dataschema": schema_url(public_url, answer.TYPE),
        "datacontenttype": DATA_CONTENT_TYPE,
        "data": answer.model_dump(mode="json"),
    }


def record_of(
    service: ConfirmingService, public_url: str, row: Mapping[str, Any]
) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Return the key, value and headers of the answer of `service`; `row` holds its other fields."""
    answer = ErasureConfirmed(service=service, **row)
    value = json.dumps(value_of(answer, public_url), separators=(",", ":"))
    return str(answer.customer_id).encode(), value.encode(), [("content-type", CONTENT_TYPE.encode())]
