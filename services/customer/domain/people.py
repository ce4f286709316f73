"""The rules of key contacts."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.commands.decider import RejectedError
from contracts import customer as events
from contracts.customer.people import PeopleEvent
from services.customer import commands
from services.customer.domain.state import Customer

MAX_KEY_CONTACTS = 100

PeopleCommand = commands.AddKeyContact | commands.ChangeKeyContact | commands.RemoveKeyContact


def decide(customer: Customer, command: PeopleCommand) -> list[events.CustomerEvent]:
    match command:
        case commands.AddKeyContact():
            return key_contact_added(customer, command)
        case commands.ChangeKeyContact():
            return key_contact_changed(customer, command)
        case commands.RemoveKeyContact():
            return key_contact_removed(customer, command)


def evolve(customer: Customer, event: PeopleEvent) -> Customer:
    match event:
        case events.KeyContactAdded(key_contact_id=key) | events.KeyContactChanged(key_contact_id=key):
            # The replaced values stay in the vault, so their references are kept for an erasure.
            refs = customer.personal_data_refs.get(key, frozenset()) | refs_of(event)
            contacts = {**customer.key_contacts, key: event}
            return replace(
                customer, key_contacts=contacts, personal_data_refs={**customer.personal_data_refs, key: refs}
            )
        case events.KeyContactRemoved(key_contact_id=gone):
            others = {key: contact for key, contact in customer.key_contacts.items() if key != gone}
            return replace(customer, key_contacts=others)


def refs_of(contact: events.KeyContactDetails) -> frozenset[UUID]:
    """Return the vault references of a key contact."""
    refs = (contact.name_ref, contact.phone_ref, contact.email_ref, contact.dates_ref)
    return frozenset(ref for ref in refs if ref)


def key_contact_added(customer: Customer, command: commands.AddKeyContact) -> list[events.CustomerEvent]:
    if len(customer.key_contacts) >= MAX_KEY_CONTACTS:
        raise RejectedError(
            "too-many-key-contacts",
            f"A customer can have at most {MAX_KEY_CONTACTS} key contacts. Remove one first.",
            f"每个客户最多 {MAX_KEY_CONTACTS} 位关键联系人；请先移除一位。",
        )
    return [events.KeyContactAdded.model_validate(stated(command))]


def key_contact_changed(customer: Customer, command: commands.ChangeKeyContact) -> list[events.CustomerEvent]:
    """Values that do not change keep their vault reference."""
    before = customer.key_contacts.get(command.key_contact_id)
    if before is None:
        raise unknown()
    known = before.model_dump(exclude={"type"})
    new = {
        name: known[name] if value and known[name] in command.known else value
        for name, value in stated(command).items()
    }
    return [] if new == known else [events.KeyContactChanged.model_validate(new)]


def key_contact_removed(customer: Customer, command: commands.RemoveKeyContact) -> list[events.CustomerEvent]:
    if command.key_contact_id not in customer.key_contacts:
        raise unknown()
    return [events.KeyContactRemoved(key_contact_id=command.key_contact_id)]


def unknown() -> RejectedError:
    return RejectedError(
        "key-contact-unknown", "This customer does not have this key contact.", "该客户没有这位关键联系人。"
    )


def stated(command: commands.AddKeyContact | commands.ChangeKeyContact) -> dict[str, Any]:
    return {
        "key_contact_id": command.key_contact_id,
        "role": command.role,
        "is_decision_maker": command.is_decision_maker,
        "name_ref": command.vault_ref("name"),
        "phone_ref": command.vault_ref("phone"),
        "email_ref": command.vault_ref("email"),
        "dates_ref": command.vault_ref("dates"),
        "date_kinds": tuple(each.kind for each in command.dates),
    }
