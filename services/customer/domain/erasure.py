"""The rules of erasure, and which commands an erased customer refuses."""

from dataclasses import replace

from chassis.commands.decider import GoneError
from contracts import customer as events
from services.customer import commands
from services.customer.domain.people import unknown
from services.customer.domain.record import stranger
from services.customer.domain.state import Customer


def decide(
    customer: Customer, command: commands.EraseCustomer | commands.EraseKeyContact
) -> list[events.CustomerEvent]:
    match command:
        case _ if not customer.known:
            raise stranger()
        case _ if customer.is_erased:
            return []
        case commands.EraseCustomer(reason=reason):
            return [events.CustomerErased(reason=reason)]
        case commands.EraseKeyContact(key_contact_id=key) if key in customer.erased_people:
            return []
        case commands.EraseKeyContact(key_contact_id=key) if key not in customer.words_of:
            raise unknown()
        case commands.EraseKeyContact(key_contact_id=key, reason=reason):
            refs = sorted(customer.words_of[key])
            return [events.KeyContactErased(key_contact_id=key, reason=reason, word_refs=tuple(refs))]


def evolve(customer: Customer, event: events.ErasureEvent) -> Customer:
    match event:
        case events.CustomerErased():
            return replace(customer, is_erased=True, name_ref=None, key_contacts={}, words_of={})
        case events.KeyContactErased(key_contact_id=gone):
            return replace(
                customer,
                key_contacts={key: contact for key, contact in customer.key_contacts.items() if key != gone},
                words_of={key: refs for key, refs in customer.words_of.items() if key != gone},
                erased_people=customer.erased_people | {gone},
            )


def require_kept(customer: Customer) -> None:
    """Refuse what is asked about somebody who has been erased."""
    if customer.is_erased:
        raise erased()


def refused(command: commands.AnyCommand) -> list[events.CustomerEvent]:
    """Refuse what is asked about an erased customer; rules that look at everybody pass it over."""
    if isinstance(command, commands.AssessTier):
        return []
    raise erased()


def erased() -> GoneError:
    return GoneError(
        "customer-erased",
        "What was known of this customer has been erased. Should they come back, register them anew.",
        "该客户的个人信息已被删除；若其再次成为客户，请重新登记。",
    )
