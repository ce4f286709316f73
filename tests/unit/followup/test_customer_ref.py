"""What is known of a customer after one event or another."""

from uuid import UUID

import pytest

from contracts import customer
from contracts.examples import CUSTOMER_ID, CUSTOMER_NAME, LEADER, OWNER, example, example_envelope
from contracts.examples.constants import KEY_CONTACT_ID
from services.followup.domain import customer_ref

LATER_LIFE: tuple[customer.CustomerEvent, ...] = (
    example(customer.ProfileChanged),
    example(customer.StageChanged),
    example(customer.TierChanged),
    example(customer.OwnerAssigned),
    example(customer.HelperAdded),
    example(customer.HelperRemoved),
    example(customer.KeyContactAdded),
    example(customer.KeyContactChanged),
    example(customer.KeyContactRemoved),
    example(customer.NeedStated),
    example(customer.ReferenceAdded),
    example(customer.ReferenceReserved),
    example(customer.TagAdded),
    example(customer.TagRemoved),
)


def test_a_customer_is_known_by_what_its_topic_says() -> None:
    ref = customer_ref.project(None, example_envelope(example(customer.Registered)))
    for event in LATER_LIFE:
        ref = customer_ref.project(ref, example_envelope(event))

    # A removed key contact stays known: a contact with it may be recorded later.
    assert ref == customer_ref.CustomerRef(
        *(CUSTOMER_ID, "company", CUSTOMER_NAME, OWNER, LEADER, "interested", {"value": "vip"}),
        name_keys=[CUSTOMER_NAME],
        key_contact_ids=[KEY_CONTACT_ID],
    )
    assert ref.holders.include(OWNER)
    assert ref.holders.include(LEADER)


def test_a_person_is_known_without_a_name() -> None:
    person = example(customer.Registered, kind=customer.Kind.PERSON, name=None, name_ref=UUID(int=3))

    assert customer_ref.project(None, example_envelope(person)).name is None


def test_a_customer_without_a_beginning_is_a_fault() -> None:
    with pytest.raises(LookupError):
        customer_ref.project(None, example_envelope(example(customer.TierChanged)))
