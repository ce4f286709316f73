"""The rules of erasure, in examples."""

from typing import Any
from uuid import UUID

import pytest

from contracts.customer import (
    CustomerErased,
    KeyContactAdded,
    KeyContactChanged,
    KeyContactErased,
    KeyContactRemoved,
    Kind,
    Registered,
)
from services.customer.commands import (
    AddKeyContact,
    ChangeProfile,
    EraseCustomer,
    EraseKeyContact,
    Profile,
    Register,
    RemoveKeyContact,
)
from services.customer.domain import CUSTOMER
from tests.support.spec import Spec

WU, ZHOU = UUID(int=1), UUID(int=2)
FIRST, SECOND, PHONE, OTHER = (UUID(int=number) for number in (11, 12, 13, 14))
customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.PERSON, name_ref=UUID(int=10))
wu = KeyContactAdded(key_contact_id=WU, name_ref=FIRST, phone_ref=PHONE)
wu_renamed = KeyContactChanged(key_contact_id=WU, name_ref=SECOND)
zhou = KeyContactAdded(key_contact_id=ZHOU, name_ref=OTHER)
erased = CustomerErased(reason="asked-by-person")
erase = EraseCustomer(reason="asked-by-person")
erase_wu = EraseKeyContact(key_contact_id=WU, reason="asked-by-person")


def test_a_customer_is_erased_once() -> None:
    customer.given(registered).when(erase).then(erased)
    customer.given(registered, erased).when(erase).then()


@pytest.mark.parametrize(
    "command",
    [
        ChangeProfile(profile=Profile(industry="retail")),
        AddKeyContact(key_contact_id=ZHOU, name="周敏"),
        RemoveKeyContact(key_contact_id=WU),
        Register(kind=Kind.PERSON, person_name="周敏"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_commands_on_an_erased_customer_are_rejected(command: Any) -> None:
    customer.given(registered, wu, erased).when(command).then_rejected("customer-erased")


def test_an_erasure_covers_all_earlier_values_of_a_key_contact() -> None:
    went = KeyContactErased(key_contact_id=WU, reason="asked-by-person", word_refs=(FIRST, SECOND, PHONE))
    customer.given(registered, wu, zhou, wu_renamed).when(erase_wu).then(went)


def test_a_removed_key_contact_can_still_be_erased() -> None:
    removed = KeyContactRemoved(key_contact_id=WU)
    went = KeyContactErased(key_contact_id=WU, reason="asked-by-person", word_refs=(FIRST, PHONE))
    customer.given(registered, wu, removed).when(erase_wu).then(went)
    customer.given(registered, wu, removed, went).when(erase_wu).then()


def test_an_erased_key_contact_is_no_longer_there_and_the_others_are() -> None:
    went = KeyContactErased(key_contact_id=WU, reason="asked-by-person", word_refs=(FIRST, PHONE))
    assert CUSTOMER.fold(CUSTOMER.initial, [registered, wu, zhou, went]).key_contacts.keys() == {ZHOU}


def test_an_unknown_person_cannot_be_erased() -> None:
    customer.given().when(erase).then_rejected("customer-unknown")
    customer.given().when(erase_wu).then_rejected("customer-unknown")
    customer.given(registered, zhou).when(erase_wu).then_rejected("key-contact-unknown")
