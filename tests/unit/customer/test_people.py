"""The rules of key contacts, in examples."""

from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.customer import KeyContactAdded, KeyContactChanged, KeyContactRemoved, Kind, Registered
from services.customer.commands import AddKeyContact, ChangeKeyContact, RemoveKeyContact
from services.customer.commands.people import MAX_DATES
from services.customer.domain import CUSTOMER
from services.customer.domain.people import MAX_KEY_CONTACTS
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
WU, ZHOU = UUID(int=1), UUID(int=2)
NAME_REF, PHONE_REF = UUID(int=11), UUID(int=12)
added = KeyContactAdded(key_contact_id=WU, role="buyer", name_ref=NAME_REF, phone_ref=PHONE_REF)


def test_events_of_key_contacts_hold_references_only() -> None:
    command = AddKeyContact(key_contact_id=WU, name="吴敏", phone="13800138000", dates=[BIRTHDAY])
    customer.given(registered).when(command).then(
        KeyContactAdded(
            key_contact_id=WU,
            name_ref=command.vault_ref("name"),
            phone_ref=command.vault_ref("phone"),
            dates_ref=command.vault_ref("dates"),
            date_kinds=("birthday",),
        )
    )
    words = {entry.field: entry.value for entry in command.vault_entries(UUID(int=9))}
    assert words == {
        "name": "吴敏",
        "phone": "+8613800138000",
        "dates": '[{"kind":"birthday","month":2,"day":29,"year":null,"calendar":"solar"}]',
    }


def test_an_unregistered_customer_has_no_key_contacts() -> None:
    customer.given().when(AddKeyContact(key_contact_id=WU, name="吴敏")).then_rejected("customer-unknown")


def test_unchanged_values_keep_their_reference_and_a_new_one_gets_its_own() -> None:
    command = ChangeKeyContact(
        key_contact_id=WU, name="吴敏", role="buyer", phone="021-62345678", known={NAME_REF}, is_decision_maker=True
    )
    expected = KeyContactChanged(
        key_contact_id=WU,
        role="buyer",
        is_decision_maker=True,
        name_ref=NAME_REF,
        phone_ref=command.vault_ref("phone"),
    )
    customer.given(registered, added).when(command).then(expected)


def test_what_is_known_already_is_no_change() -> None:
    same = ChangeKeyContact(
        key_contact_id=WU, name="吴敏", role="buyer", phone="13800138000", known={NAME_REF, PHONE_REF}
    )
    customer.given(registered, added).when(same).then()


def test_what_is_not_stated_again_is_known_no_longer() -> None:
    command = ChangeKeyContact(key_contact_id=WU, name="吴敏", known={NAME_REF, PHONE_REF})
    expected = KeyContactChanged(key_contact_id=WU, name_ref=NAME_REF)
    customer.given(registered, added).when(command).then(expected)


def test_a_change_is_measured_against_the_last_one() -> None:
    changed = KeyContactChanged(key_contact_id=WU, name_ref=NAME_REF)
    same = ChangeKeyContact(key_contact_id=WU, name="吴敏", known={NAME_REF})
    customer.given(registered, added, changed).when(same).then()


def test_a_key_contact_can_be_removed_once() -> None:
    removed = KeyContactRemoved(key_contact_id=WU)
    customer.given(registered, added).when(RemoveKeyContact(key_contact_id=WU)).then(removed)
    customer.given(registered, added, removed).when(RemoveKeyContact(key_contact_id=WU)).then_rejected(
        "key-contact-unknown"
    )


def test_an_unknown_key_contact_is_not_changed_or_removed() -> None:
    given = customer.given(registered, added)
    given.when(RemoveKeyContact(key_contact_id=ZHOU)).then_rejected("key-contact-unknown")
    given.when(ChangeKeyContact(key_contact_id=ZHOU, name="周")).then_rejected("key-contact-unknown")


def test_a_customer_has_only_so_many_key_contacts() -> None:
    facts = [KeyContactAdded(key_contact_id=UUID(int=number), name_ref=NAME_REF) for number in range(MAX_KEY_CONTACTS)]
    command = AddKeyContact(key_contact_id=UUID(int=999), name="吴敏")
    customer.given(registered, *facts).when(command).then_rejected("too-many-key-contacts")
    customer.given(registered, *facts[1:]).when(command).then(
        KeyContactAdded(key_contact_id=UUID(int=999), name_ref=command.vault_ref("name"))
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("(021) 6234 5678", "+862162345678"),
        ("021-62345678 ext. 802", "+862162345678;ext=802"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_one_number_has_one_spelling(written: str, kept: str) -> None:
    assert AddKeyContact(key_contact_id=WU, name="吴敏", phone=written).phone == kept


@pytest.mark.parametrize("written", ["1380013800", "12", "wu", "+86 00000000000", "1380013800013800138000"])
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="phone"):
        AddKeyContact(key_contact_id=WU, name="吴敏", phone=written)


@pytest.mark.parametrize("written", ["wu", "wu@", "@example.com", "wu@example", "w u@example.com", "wu@@example.com"])
def test_what_is_no_e_mail_address_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="e-mail"):
        AddKeyContact(key_contact_id=WU, name="吴敏", email=written)


BIRTHDAY = {"kind": "birthday", "month": 2, "day": 29}


@pytest.mark.parametrize(
    "date",
    [
        BIRTHDAY,
        BIRTHDAY | {"year": 2000},
        {"kind": "birthday", "month": 2, "day": 30, "calendar": "lunar"},
        {"kind": "anniversary", "month": 12, "day": 31, "year": 1999},
    ],
)
def test_a_yearly_date_is_accepted(date: dict[str, object]) -> None:
    assert AddKeyContact(key_contact_id=WU, name="吴敏", dates=[date]).dates[0].day == date["day"]


@pytest.mark.parametrize(
    "date",
    [
        BIRTHDAY | {"day": 30},
        BIRTHDAY | {"year": 2023},
        BIRTHDAY | {"month": 4, "day": 31},
        BIRTHDAY | {"day": 31, "calendar": "lunar"},
        BIRTHDAY | {"month": 13},
        BIRTHDAY | {"day": 0},
    ],
)
def test_a_day_that_is_in_no_calendar_is_refused(date: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"day|month"):
        AddKeyContact(key_contact_id=WU, name="吴敏", dates=[date])


def test_there_is_one_date_of_each_kind_and_only_so_many() -> None:
    with pytest.raises(ValidationError, match="one date of each kind"):
        AddKeyContact(key_contact_id=WU, name="吴敏", dates=[BIRTHDAY, BIRTHDAY])
    many = [{"kind": f"k{number}", "month": 1, "day": 1} for number in range(MAX_DATES + 1)]
    with pytest.raises(ValidationError, match="at most"):
        AddKeyContact(key_contact_id=WU, name="吴敏", dates=many)
