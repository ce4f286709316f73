"""Registers a customer, logs a contact and reads both, with clients that openapi-python-client generates."""

import json
import sys
import time
from http import HTTPStatus
from uuid import UUID

from care_customer import AuthenticatedClient as CustomerClient
from care_customer.api.customers import change_stage, read_customer, register_customer
from care_customer.models import ChangeStage, Register, Stage
from care_followup import AuthenticatedClient as FollowupClient
from care_followup.api.contacts import log_contact, read_contact
from care_followup.models import Channel, Direction, LogContact

TIMEOUT_SECONDS, PAUSE_SECONDS = 30, 0.2
customer_url, followup_url, token, key = sys.argv[1:]
customers = CustomerClient(customer_url, token)
followup = FollowupClient(followup_url, token)


def logged(customer_id: UUID) -> UUID:
    """Log a contact, as soon as the followup service has learned of the customer from Kafka."""
    body = LogContact(channel=Channel.PHONE, direction=Direction.OUTBOUND, content="first call")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        answer = log_contact.sync_detailed(customer_id, client=followup, body=body, idempotency_key=f"{key}-contact")
        if answer.status_code == HTTPStatus.CREATED:
            return UUID(str(answer.parsed.id))
        if time.monotonic() > deadline:
            raise TimeoutError(answer.content)
        time.sleep(PAUSE_SECONDS)


registration = Register(name="上海腾云")
first = register_customer.sync(client=customers, body=registration, idempotency_key=key)
second = register_customer.sync_detailed(client=customers, body=registration, idempotency_key=key)
contact = read_contact.sync(logged(first.id), client=followup)
customer = read_customer.sync_detailed(first.id, client=customers)
refused = change_stage.sync(first.id, client=customers, body=ChangeStage(stage=Stage.INTERESTED), if_match='"999999"')
sys.stdout.write(
    json.dumps(
        {
            "replayed": second.headers.get("Idempotency-Replayed"),
            "etag": customer.headers.get("ETag"),
            "name": customer.parsed.name,
            "registeredAt": customer.parsed.registered_at and customer.parsed.registered_at.isoformat(),
            "channel": contact.channel,
            "customerId": contact.customer_id == first.id,
            "refused": refused.code,
        }
    )
)
